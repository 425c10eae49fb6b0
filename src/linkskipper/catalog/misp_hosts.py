"""The list of known shorteners that MISP's maintainers keep and pymispwarninglists ships."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

HostList = Literal["url-shortener"]
"""The lists that a provider file may name."""


def read_hosts(name: str) -> Sequence[str]:
    """Give the hosts of a list; empty for one that is not known."""
    # The package itself is not imported: it pulls in an HTTP client, and loads 66 MB of lists to give one.
    package = find_spec("pymispwarninglists")
    if package is None or package.origin is None or name not in HostList.__args__:  # type: ignore[attr-defined]
        return ()
    lists = Path(package.origin).parent / "data" / "misp-warninglists" / "lists"
    hosts: list[str] = json.loads((lists / name / "list.json").read_bytes())["list"]
    return hosts
