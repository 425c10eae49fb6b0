"""`make provider` and `make migration` write files to start from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from linkskipper.catalog import check
from tools import new_migration, new_provider
from tools.test_programs import missing_packages


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty tree, which is the current directory."""
    for folder in (new_provider.BUILTIN, new_migration.MIGRATIONS):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_skeleton_is_valid_once_it_is_filled_in(tree: Path) -> None:
    """Each TODO that matters is refused, and the file is accepted without them."""
    assert new_provider.main(["short"]) == 0
    file = tree / new_provider.BUILTIN / "short.toml"
    assert {issue.field for issue in check([file])} == {"hosts[0]"}
    file.write_text(file.read_text().replace("TODO", "short.example"))
    assert check([file]) == []


def test_a_provider_is_not_overwritten(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An id that exists is exit code 1, a wrong one is exit code 2."""
    (tree / new_provider.BUILTIN / "short.toml").write_text("mine")
    assert new_provider.main(["short"]) == 1
    assert (tree / new_provider.BUILTIN / "short.toml").read_text() == "mine"
    assert [new_provider.main(arguments) for arguments in ([], ["Short"], ["../x"], ["a", "b"])] == [2, 2, 2, 2]
    assert "make provider ID=" in capsys.readouterr().err


def test_migrations_are_numbered(tree: Path) -> None:
    """The next number follows the highest one."""
    (tree / new_migration.MIGRATIONS / "0009_last.sql").touch()
    assert new_migration.main(["add_notes"]) == 0
    assert (tree / new_migration.MIGRATIONS / "0010_add_notes.sql").read_text().startswith("-- ")
    assert [new_migration.main(arguments) for arguments in ([], ["Add notes"], ["../x"])] == [2, 2, 2]


def test_missing_programs_are_named_and_not_installed(tmp_path: Path) -> None:
    """Without CI and without a terminal, nothing is installed: the message says what to install."""
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"PATH": str(tmp_path)}
    command = [sys.executable, "-m", "tools.test_programs"]
    ended = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "apt install php-cli phpunit" in ended.stderr
    assert ended.stdout == ""


def test_a_php_without_extensions_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extensions and libraries that PHP lacks are named too, not only missing programs."""
    php = tmp_path / "php"
    php.write_text(f'#!/bin/sh\nexec {shutil.which("php")} -n -d include_path={tmp_path} "$@"\n')
    php.chmod(0o755)
    assert not {"php-cli", "php-curl", "php-guzzlehttp-guzzle"} & set(missing_packages())
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert {"php-curl", "php-mbstring", "php-xml", "php-zip", "php-guzzlehttp-guzzle"} <= set(missing_packages())
