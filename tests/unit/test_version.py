"""The version of the package."""

import tomllib
from importlib.metadata import version

from linkskipper.version import VERSION
from support.documents import ROOT


def test_the_version_has_one_value() -> None:
    """The package, its metadata and pyproject.toml agree."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert VERSION == version("linkskipper") == declared
