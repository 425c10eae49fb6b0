"""A tenant of a real service, which the fixture of sdks/conformance starts."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

ROOT = Path(__file__).parents[3]
SERVICE = ROOT / "sdks" / "conformance" / "service.py"


@dataclass(frozen=True)
class Tenant:
    """Keys and links of the service's own for these tests, and the control of the service."""

    control: str
    facts: dict[str, Any]

    @property
    def base_url(self) -> str:
        """The address of the service."""
        return str(self.facts["base_url"])

    def key(self, name: str) -> str:
        """Return an API key by its condition."""
        return str(self.facts["keys"][name]["key"])

    def link(self, kind: str, **parts: object) -> str:
        """Return a link, or where it leads."""
        return str(self.facts["links"][kind]).format(**parts)

    def tell(self, method: str, target: str, **query: object) -> dict[str, Any]:
        """Tell the fixture to do something."""
        return tell(f"{self.control}{target}?{urlencode(query)}", method)


def offers(path: str) -> bool:
    """Say whether the API of this version has a path."""
    return path in json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]


def tell(url: str, method: str) -> dict[str, Any]:
    """Send a request to the control of the fixture."""
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=120) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
    return answer


@pytest.fixture(scope="session")
def control() -> Iterator[str]:
    """Provide the control URL of a running service."""
    if url := os.environ.get("LINKSKIPPER_SDK_SERVICE"):
        yield url
        return
    python = os.environ.get("LINKSKIPPER_SDK_PYTHON", str(ROOT / ".venv" / "bin" / "python"))
    with subprocess.Popen([python, SERVICE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["control"]
        process.communicate("")


@pytest.fixture(scope="session")
def tenant(control: str) -> Tenant:
    """Provide a tenant of the service."""
    return Tenant(control, tell(f"{control}/tenants", "POST"))
