"""Families: what shorteners that run the same script have in common.

A family's file has the fields of a provider file, except `id`, `label`, `hosts` and `samples`.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

_DIRECTORY = Path(__file__).parent / "data" / "families"


def families() -> list[str]:
    """Return the names of all families."""
    return sorted(_templates())


def with_family(table: dict[str, Any]) -> dict[str, Any]:
    """Complete a provider's table from its family.

    The provider's fields win, also inside tables. Steps are taken as a whole.
    """
    name = table.get("family")
    template = _templates().get(name, {}) if isinstance(name, str) else {}
    both = {field: _merged(template[field], table[field]) for field in template.keys() & table.keys()}
    return {**template, **table, **both}


def _merged(default: Any, own: Any) -> Any:
    return {**default, **own} if isinstance(default, dict) and isinstance(own, dict) else own


@cache  # the files belong to the package and do not change while it runs
def _templates() -> dict[str, dict[str, Any]]:
    return {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in _DIRECTORY.glob("*.toml")}


def _check_family(name: str) -> str:
    if name not in _templates():
        raise ValueError(f'there is no family "{name}". There is {", ".join(families())}.')
    return name


Family = Annotated[str, AfterValidator(_check_family)]
"""The name of a family."""
