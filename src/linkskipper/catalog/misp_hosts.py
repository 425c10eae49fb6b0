"""The list of known shorteners that the MISP project maintains and `pymispwarninglists` ships."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

MispList = Literal["url-shortener"]
"""The lists that a provider file may name."""


def read_hosts(name: str) -> Sequence[str]:
    """Return the hosts of a list. An unknown list is empty."""
    file = list_files().get(name)
    if file is None:
        return ()
    hosts: list[str] = json.loads(file.read_bytes())["list"]
    return hosts


def list_files() -> dict[str, Path]:
    """Return the files of the lists by name. There are none without the package that brings them."""
    # Importing the package loads an HTTP client and 66 MB of lists.
    package = find_spec("pymispwarninglists")
    if package is None or package.origin is None:
        return {}
    lists = Path(package.origin).parent / "data" / "misp-warninglists" / "lists"
    return {name: lists / name / "list.json" for name in get_args(MispList)}
