"""Files and folders that somebody else prepared in the way of the service: it does not believe them, nor wait."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from linkskipper.accounts import load_keyring
from linkskipper.database import EmbeddedServer
from linkskipper.database.dump import dumping
from linkskipper.errors import DatabaseError, DataDirError
from linkskipper.settings import load

pytestmark = pytest.mark.attack

STRANGER = 54321
SECRET = "0123456789abcdef" * 4


@pytest.fixture
def give_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Make somebody else the owner of a file. Without root, this process pretends to be another user."""

    def give(path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, STRANGER, STRANGER)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: STRANGER)

    return give


def test_a_data_directory_of_a_stranger(data_dir: Path, give_away: Callable[[Path], None]) -> None:
    """It is not used, and nothing in it is changed."""
    data_dir.mkdir(mode=0o777)
    before = data_dir.stat().st_mode
    give_away(data_dir)
    with pytest.raises(DataDirError, match="belongs to the user"):
        EmbeddedServer(data_dir).join()
    assert list(data_dir.iterdir()) == []
    assert data_dir.stat().st_mode == before


@pytest.mark.parametrize("name", ["postgres.lock", "postgres.users"])
def test_a_lock_that_a_stranger_holds(data_dir: Path, name: str, give_away: Callable[[Path], None]) -> None:
    """It is an error. Nobody waits for its holder."""
    data_dir.mkdir()
    with (data_dir / name).open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        give_away(data_dir / name)
        with pytest.raises(DataDirError, match=r"belongs to another user|is not yours|belongs to the user"):
            EmbeddedServer(data_dir).join()


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("name", ["postgres.lock", "postgres.users"])
def test_a_lock_that_is_not_a_file(data_dir: Path, name: str, make: Callable[[Path], None]) -> None:
    """A pipe, a folder or a link in the place of a lock is an error."""
    data_dir.mkdir()
    make(data_dir / name)
    with pytest.raises(DataDirError):
        EmbeddedServer(data_dir).join()


def test_the_secret_of_a_stranger(data_dir: Path, give_away: Callable[[Path], None]) -> None:
    """A secret that somebody else wrote protects nothing, so it is refused."""
    data_dir.mkdir()
    (data_dir / "secret.key").write_text(SECRET)
    assert load_keyring(load(data_dir=data_dir))
    give_away(data_dir / "secret.key")
    with pytest.raises(DataDirError, match="belongs to the user"):
        load_keyring(load(data_dir=data_dir))


@pytest.mark.parametrize("length", [0, 31])
def test_a_secret_that_is_too_short(data_dir: Path, length: int) -> None:
    """An empty or shortened file is not a secret."""
    data_dir.mkdir()
    (data_dir / "secret.key").write_text(SECRET[:length])
    with pytest.raises(DataDirError, match="shorter than 32"):
        load_keyring(load(data_dir=data_dir))


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_secret_that_is_not_a_file(data_dir: Path, make: Callable[[Path], None]) -> None:
    """A pipe, a folder or a device in the place of the secret is an error. Nobody waits for a writer."""
    data_dir.mkdir()
    make(data_dir / "secret.key")
    with pytest.raises(DataDirError):
        load_keyring(load(data_dir=data_dir))


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("postgresql://app:p%40ss@127.0.0.1:1/x", "postgresql://app@127.0.0.1:1/x"),
        (
            "postgresql://app@127.0.0.1:1/x?options=-c%20jit%3Doff&pass%77ord=p%40ss&connect_timeout=1",
            "postgresql://app@127.0.0.1:1/x?options=-c%20jit%3Doff&connect_timeout=1",
        ),
        ("postgresql://app@127.0.0.1:1/x?password=p%40ss", "postgresql://app@127.0.0.1:1/x"),
        ("postgresql://127.0.0.1:1/x?password=p%40ss&sslkey=k&sslp%61ssword=s", "postgresql://127.0.0.1:1/x?sslkey=k"),
    ],
)
def test_a_dump_hides_the_password(url: str, public: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every user sees the arguments of a program. No secret is in any. The rest of the URL is as it was."""
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "$* with $PGPASSWORD" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setattr("linkskipper.database.dump._program", lambda _: program)
    with pytest.raises(DatabaseError, match=r"with p@ss$") as failed, dumping(url) as dump:
        dump.read()
    arguments = str(failed.value).rpartition(" with ")[0]
    assert arguments.split("--dbname=")[1] == public
