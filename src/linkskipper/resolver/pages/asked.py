"""Words by which a page asks its visitor for something, in the common languages (asked.toml)."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

import re2

Asked = Literal["secrets", "letters", "humans"]
_BEGIN = r"(?:^|[^\pL\pM]|[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}])"


@cache
def asked_for(kind: Asked) -> Any:
    """Return the pattern of the words of a kind. It is compiled for the first page that may have one."""
    languages = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))[kind].values()
    return re2.compile(f"{_BEGIN}(?:{'|'.join(word for words in languages for word in words)})")
