"""The guides that begin with "Add" work as they stand, in a copy of the tree."""

from pathlib import Path

from support.guide import Guide


def test_add_a_provider(tmp_path: Path, database_url: str) -> None:
    """The new provider resolves its sample, and the tests of the package accept it."""
    guide = Guide("add-a-provider.md", tmp_path / "copy", LINKSKIPPER_DATABASE_URL=database_url)
    guide.follow()
    assert "short" in guide.run("linkskipper providers list --json")
