"""The embedded server: first start, later starts, sharing, crashes, and its error messages."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from linkskipper.database import EmbeddedServer
from linkskipper.database.embedded.cluster import Cluster
from linkskipper.database.embedded.system_user import find_server_user
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
FILES = {".": 0o700, "postgres": 0o700, "postgres.lock": 0o600, "postgres.users": 0o600}


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


@contextmanager
def holder(data_dir: Path, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a process that starts the server and does not watch over it."""
    command = [sys.executable, "-c", HOLDER, str(data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "joined\n":
            assert process.poll() is None
        try:
            yield process
        finally:
            process.kill()


async def kill_into_zombie(data_dir: Path) -> int:
    """Kill a postmaster whose parent does not wait for its end. Return its process id."""
    crashed = postmaster(data_dir)
    assert crashed is not None
    os.kill(crashed, signal.SIGKILL)
    while Path(f"/proc/{crashed}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        await asyncio.sleep(0.01)
    return crashed


async def test_data_outlives_a_restart(data_dir: Path) -> None:
    """The data are there after the server was stopped and started again."""
    server = EmbeddedServer(data_dir)
    await ask(server.join(), "CREATE TABLE kept AS SELECT 42 AS answer")
    server.leave()
    assert postmaster(data_dir) is None
    assert await ask(server.join(), "SELECT answer FROM kept") == 42
    server.leave()


async def test_last_to_leave_stops_it(data_dir: Path) -> None:
    """A second user joins the running server. It runs until both have left."""
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
    """A killed process leaves its server behind. The next process joins it, and stops it when it leaves."""
    with holder(data_dir):
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
    await kill_into_zombie(data_dir)
    again = EmbeddedServer(data_dir)
    assert await ask(again.join(), "SELECT answer FROM kept") == 42
    server.leave()
    again.leave()
    assert postmaster(data_dir) is None


async def test_server_that_dies_in_use_is_started_again(data_dir: Path) -> None:
    """A server that dies while a command runs is started again."""
    with EmbeddedServer(data_dir).running() as url:
        await ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        crashed = postmaster(data_dir)
        assert crashed is not None
        os.kill(crashed, signal.SIGKILL)
        while postmaster(data_dir) == crashed or not await answers(url):
            await asyncio.sleep(0.1)
        assert await ask(url, "SELECT answer FROM kept") == 42
    assert postmaster(data_dir) is None


async def test_server_of_another_process_is_started_again(data_dir: Path) -> None:
    """A process starts a server again that another process started, though its zombie is not gone."""
    with holder(data_dir), EmbeddedServer(data_dir).running() as url:
        crashed = await kill_into_zombie(data_dir)
        while postmaster(data_dir) == crashed or not await answers(url):
            await asyncio.sleep(0.1)
        assert Path(f"/proc/{crashed}").exists()


async def test_start_beside_the_zombie_of_a_postmaster(data_dir: Path) -> None:
    """The zombie of another process's postmaster does not keep a new one from starting."""
    with holder(data_dir):
        crashed = await kill_into_zombie(data_dir)
        server = EmbeddedServer(data_dir)
        assert await ask(server.join(), "SELECT 1") == 1
        assert Path(f"/proc/{crashed}").exists()
    server.leave()
    assert postmaster(data_dir) is None


async def test_start_waits_for_the_last_processes_of_a_killed_postmaster(data_dir: Path) -> None:
    """A new postmaster waits for the end of a process that still uses the shared memory of the last one."""
    with holder(data_dir):
        server, again = EmbeddedServer(data_dir), EmbeddedServer(data_dir)
        connection = await asyncpg.connect(server.join())
        backend = connection.get_server_pid()
        os.kill(backend, signal.SIGSTOP)
        try:
            await kill_into_zombie(data_dir)
            joining = asyncio.create_task(asyncio.to_thread(again.join))
            while "still in use" not in (data_dir / "postgres" / "server.log").read_text():
                await asyncio.sleep(0.01)
            assert not joining.done()
        finally:
            os.kill(backend, signal.SIGCONT)
        assert await ask(await joining, "SELECT 1") == 1
        connection.terminate()
    server.leave()
    again.leave()


async def test_start_that_fails_for_another_reason_ends_at_once(data_dir: Path) -> None:
    """A postmaster that cannot start is reported, not started again and again."""
    server = EmbeddedServer(data_dir)
    server.join()
    server.leave()
    with (data_dir / "postgres" / "postgresql.conf").open("a") as conf:
        conf.write("no_such_setting = 1\n")
    with pytest.raises(DatabaseError, match=r"did not start: see .*server\.log"):
        server.join()
    assert (data_dir / "postgres" / "server.log").read_text().count("no_such_setting") == 1


async def test_pid_file_of_another_program_is_no_obstacle(data_dir: Path) -> None:
    """A stale postmaster.pid may hold the number of another program, for example after a restart of a container."""
    server = EmbeddedServer(data_dir)
    server.join()
    server.leave()
    pidfile = data_dir / "postgres" / "postmaster.pid"
    pidfile.write_text(f"{os.getpid()}\n{data_dir}/postgres\n1\n5432\n{data_dir}/postgres\n\n  1  1\nready\n")
    assert await ask(server.join(), "SELECT 1") == 1
    server.leave()


async def test_long_path(data_dir: Path) -> None:
    """A path too long for a socket gets a private folder for it elsewhere."""
    server = EmbeddedServer(data_dir / ("long" * 30))
    url = server.join()
    assert await ask(url, "SELECT 1") == 1
    socket_dir = Path(url.partition("host=")[2])
    assert socket_dir.stat().st_mode & 0o077 == 0
    server.leave()
    socket_dir.rmdir()


async def test_secrets_stay_out_of_its_environment(data_dir: Path) -> None:
    """PostgreSQL gets none of the service's settings, and no variable that moves its socket."""
    with holder(data_dir, LINKSKIPPER_SECRET_KEY="s" * 40, PGPORT="5999"):
        server = EmbeddedServer(data_dir)
        connection = await asyncpg.connect(server.join())
        for pid in (postmaster(data_dir), connection.get_server_pid()):
            environment = Path(f"/proc/{pid}/environ").read_bytes()
            assert b"SECRET" not in environment
            assert b"PGPORT" not in environment
        await connection.close()
    server.leave()


def test_programs_get_nothing_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that an operator names is run by the server's user, and sees no variable of the service."""
    monkeypatch.setenv("TOKEN", "secret")
    user = find_server_user()
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        program = folder / "postgres"
        program.write_text('#!/bin/sh\necho "postgres (PostgreSQL) ${TOKEN:-18}.$(id -u)"\n')
        program.chmod(0o755)
        assert Cluster(folder / "none", user, folder).program_version == f"18.{user.uid}"


def test_files_are_private(data_dir: Path) -> None:
    """Others cannot enter the cluster, whose socket trusts every caller, nor take its locks or list the directory."""
    server = EmbeddedServer(data_dir)
    server.join()
    server.leave()
    modes = {name: stat.S_IMODE((data_dir / name).stat().st_mode) for name in FILES}
    assert modes == {**FILES, ".": 0o710 if os.geteuid() == 0 else 0o700}


def test_lock_files_of_version_0_1_become_private(data_dir: Path) -> None:
    """Lock files that others could read, and so hold, are closed."""
    data_dir.mkdir()
    for name in ("postgres.lock", "postgres.users"):
        (data_dir / name).touch(mode=0o644)
    server = EmbeddedServer(data_dir)
    server.join()
    server.leave()
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in data_dir.glob("postgres.[lu]*"))


def test_a_link_in_place_of_a_lock_file_is_not_followed(data_dir: Path) -> None:
    """A link that somebody put in place of a lock file leads to no other file."""
    data_dir.mkdir()
    other = data_dir / "other"
    other.write_text("kept")
    (data_dir / "postgres.lock").symlink_to(other)
    with pytest.raises(DataDirError, match="is not yours"):
        EmbeddedServer(data_dir).join()
    assert other.read_text() == "kept"


def test_unusable_data_dir(tmp_path: Path) -> None:
    """The error about a data directory that cannot be created names the setting."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirError, match="--data-dir"):
        EmbeddedServer(tmp_path / "file" / "data").join()


def test_other_version(data_dir: Path) -> None:
    """A cluster of another version of PostgreSQL is refused and not changed."""
    server = EmbeddedServer(data_dir)
    server.join()
    server.leave()
    (data_dir / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(DatabaseError, match="made by PostgreSQL 17"):
        server.join()
