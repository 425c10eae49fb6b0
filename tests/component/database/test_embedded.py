"""The embedded server: first start, later starts, sharing, crashes, and what it says when it can't."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from linkskipper.database import EmbeddedServer
from linkskipper.errors import DatabaseError, DataDirError

pytestmark = pytest.mark.slow

HOLDER = """
import sys, time
from pathlib import Path
from linkskipper.database import EmbeddedServer

EmbeddedServer(Path(sys.argv[1])).join()
print("joined", flush=True)
time.sleep(60)
"""


async def ask(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def answers(url: str) -> bool:
    try:
        return await ask(url, "SELECT true") is True
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


def postmaster(data_dir: Path) -> int | None:
    pidfile = data_dir / "postgres" / "postmaster.pid"
    return int(pidfile.read_text().split()[0]) if pidfile.exists() else None


async def test_data_outlives_a_restart(data_dir: Path) -> None:
    """What was written is there after the server was stopped and started again."""
    server = EmbeddedServer(data_dir)
    await ask(server.join(), "CREATE TABLE kept AS SELECT 42 AS answer")
    server.leave()
    assert postmaster(data_dir) is None
    assert await ask(server.join(), "SELECT answer FROM kept") == 42
    server.leave()


async def test_last_to_leave_stops_it(data_dir: Path) -> None:
    """A second user joins the running server; it runs on until both have left."""
    first, second = EmbeddedServer(data_dir), EmbeddedServer(data_dir)
    url = first.join()
    running = postmaster(data_dir)
    assert second.join() == url
    first.leave()
    assert postmaster(data_dir) == running
    assert await ask(url, "SELECT 1") == 1
    second.leave()
    assert postmaster(data_dir) is None


async def test_server_of_a_killed_process_is_joined_and_then_stopped(data_dir: Path) -> None:
    """A killed process leaves its server behind; the next one joins it, and stops it when it leaves."""
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(data_dir)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    while holder.stdout.readline() != "joined\n":
        assert holder.poll() is None
    holder.kill()
    holder.wait()
    holder.stdout.close()
    orphan = postmaster(data_dir)
    server = EmbeddedServer(data_dir)
    assert await ask(server.join(), "SELECT 1") == 1
    assert postmaster(data_dir) == orphan
    server.leave()
    assert postmaster(data_dir) is None


async def test_server_killed_outright_comes_back(data_dir: Path) -> None:
    """After a crash of the server itself, the next start recovers what was committed."""
    server = EmbeddedServer(data_dir)
    await ask(server.join(), "CREATE TABLE kept AS SELECT 42 AS answer")
    crashed = postmaster(data_dir)
    assert crashed is not None
    os.kill(crashed, signal.SIGKILL)
    os.waitpid(crashed, 0)
    again = EmbeddedServer(data_dir)
    assert await ask(again.join(), "SELECT answer FROM kept") == 42
    server.leave()
    again.leave()


async def test_server_that_dies_in_use_is_started_again(data_dir: Path) -> None:
    """While a command runs, the death of its server (killed for memory, say) is mended without anybody's doing."""
    with EmbeddedServer(data_dir).running() as url:
        await ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        crashed = postmaster(data_dir)
        assert crashed is not None
        os.kill(crashed, signal.SIGKILL)
        async with asyncio.timeout(30):
            while postmaster(data_dir) == crashed or not await answers(url):
                await asyncio.sleep(0.1)
        assert await ask(url, "SELECT answer FROM kept") == 42
    assert postmaster(data_dir) is None


async def test_server_that_another_process_started_is_started_again(data_dir: Path) -> None:
    """Whoever joined a server that dies starts it again, though it is no child of theirs."""
    starter = EmbeddedServer(data_dir)
    starter.join()
    with EmbeddedServer(data_dir).running() as url:
        crashed = postmaster(data_dir)
        assert crashed is not None
        os.kill(crashed, signal.SIGKILL)
        os.waitpid(crashed, 0)  # as the starter's own watch would
        async with asyncio.timeout(30):
            while postmaster(data_dir) == crashed or not await answers(url):
                await asyncio.sleep(0.1)
    assert postmaster(data_dir) is not None
    starter._child = None
    starter.leave()
    assert postmaster(data_dir) is None


async def test_pid_file_of_another_program_is_no_obstacle(data_dir: Path) -> None:
    """A stale postmaster.pid whose number some other program has now, as after a container's restart."""
    server = EmbeddedServer(data_dir)
    server.join()
    server.leave()
    pidfile = data_dir / "postgres" / "postmaster.pid"
    pidfile.write_text(f"{os.getpid()}\n{data_dir}/postgres\n1\n5432\n{data_dir}/postgres\n\n  1  1\nready\n")
    assert await ask(server.join(), "SELECT 1") == 1
    server.leave()


async def test_long_path(tmp_path: Path) -> None:
    """A path too long for a socket gets a private folder for it elsewhere."""
    server = EmbeddedServer(tmp_path / ("long" * 30))
    url = server.join()
    assert await ask(url, "SELECT 1") == 1
    socket_dir = Path(url.partition("host=")[2])
    assert socket_dir.stat().st_mode & 0o077 == 0
    server.leave()
    socket_dir.rmdir()


def test_cluster_is_private(data_dir: Path) -> None:
    """Nobody else can enter the cluster, and with it the socket that trusts whoever reaches it."""
    server = EmbeddedServer(data_dir)
    server.join()
    server.leave()
    assert (data_dir / "postgres").stat().st_mode & 0o077 == 0


def test_unusable_data_dir(tmp_path: Path) -> None:
    """A data directory that cannot be is named, with the way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirError, match="--data-dir"):
        EmbeddedServer(tmp_path / "file" / "data").join()


def test_other_version(data_dir: Path) -> None:
    """A cluster of another PostgreSQL is left alone, and said so."""
    server = EmbeddedServer(data_dir)
    server.join()
    server.leave()
    (data_dir / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(DatabaseError, match="made by PostgreSQL 17"):
        server.join()
