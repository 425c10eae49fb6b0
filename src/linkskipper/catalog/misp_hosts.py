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
    # Importing the package loads an HTTP client and 66 MB of lists.
    package = find_spec("pymispwarninglists")
    if package is None or package.origin is None or name not in get_args(MispList):
        return ()
    lists = Path(package.origin).parent / "data" / "misp-warninglists" / "lists"
    hosts: list[str] = json.loads((lists / name / "list.json").read_bytes())["list"]
    return hosts
