"""The tests get a Node that the JavaScript SDK supports."""

from pathlib import Path

import pytest

from tools.node import ensure, has_node, needed

NEEDED = needed().removeprefix(">=")


def program(folder: Path, name: str, said: str) -> None:
    """Write a program that says one line."""
    (folder / name).write_text(f"#!/bin/sh\necho {said}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("version", "enough"),
    [("v18.20.4", False), ("v20.18.9", False), (f"v{NEEDED}.0", True), ("v100.0.0", True), ("", False)],
)
def test_versions(version: str, *, enough: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian 12's Node is too old, and the SDK's oldest one is enough."""
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "node", version)
    program(tmp_path, "npm", "11.0.0")
    assert has_node(tmp_path / "none") is enough


def test_node_without_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Node alone does not install packages."""
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "node", "v100.0.0")
    assert not has_node(tmp_path / "none")


def test_the_folder_wins_over_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Node that was installed before is used, although the system's own is too old."""
    (system, own) = (tmp_path / "system", tmp_path / "own" / "bin")
    for folder, version in ((system, "v18.0.0"), (own, "v100.0.0")):
        folder.mkdir(parents=True)
        program(folder, "node", version)
        program(folder, "npm", "11.0.0")
    monkeypatch.setenv("PATH", str(system))
    assert ensure(tmp_path / "own")
