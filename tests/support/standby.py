"""A primary PostgreSQL and a streaming standby, each on a host of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from linkskipper.database.embedded.cluster import Cluster
from linkskipper.database.embedded.places import programs_folder
from linkskipper.database.embedded.system_user import find_server_user
from support.hosts import Host

TRUST = "host all all 10.214.0.0/16 trust\nhost replication all 10.214.0.0/16 trust\n"


def create_cluster(folder: Path) -> None:
    """Create a cluster that other hosts may connect to."""
    Cluster(folder, find_server_user()).create()
    with (folder / "pg_hba.conf").open("a") as file:
        file.write(TRUST)


def as_server_user(program: str, *arguments: str) -> list[str]:
    """Return the command that runs a program of PostgreSQL as the user for it."""
    user = find_server_user()
    drop = ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups"] if user.is_stand_in else []
    return [*drop, str(programs_folder(user) / program), *arguments]


@asynccontextmanager
async def server(host: Host, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a server on a host. It is killed at the end."""
    options = {"listen_addresses": host.address, "unix_socket_directories": "", "shared_buffers": "32MB"}
    arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    command = as_server_user("postgres", "-D", str(folder), *arguments)
    with (folder.parent / f"{folder.name}.log").open("wb") as logfile:
        async with host.running(*command, stderr=logfile) as process:
            await until_up(url(host))
            yield process


async def copy(primary: Host, host: Host, folder: Path) -> None:
    """Make the data of a standby."""
    command = as_server_user(
        "pg_basebackup", "-h", primary.address, "-U", "postgres", "-D", str(folder), "-R", "-X", "stream"
    )
    async with host.running(*command, "--checkpoint=fast", "--no-sync") as process:
        assert await process.wait() == 0


async def wait_for_standby(primary: Host) -> None:
    """Have the primary commit only what the standby has. Wait until it can."""
    connection = await asyncpg.connect(url(primary))
    await connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    await connection.execute("SELECT pg_reload_conf()")
    while await connection.fetchval("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != 1:
        await asyncio.sleep(0.05)
    await connection.close()


async def promote(host: Host) -> None:
    """Let a standby accept writes, without waiting for another standby."""
    connection = await asyncpg.connect(url(host))
    await connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
    await connection.execute("SELECT pg_reload_conf()")
    assert await connection.fetchval("SELECT pg_promote()")
    await connection.close()


def url(*hosts: Host, database: str = "postgres") -> str:
    """Return the URL of the server that accepts writes."""
    names = ",".join(f"{host.address}:5432" for host in hosts)
    return f"postgresql://postgres@{names}/{database}" + ("?target_session_attrs=read-write" if len(hosts) > 1 else "")


async def until_up(server_url: str) -> None:
    """Wait until a server takes connections."""
    while True:
        try:
            connection = await asyncpg.connect(server_url, timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            await asyncio.sleep(0.05)
        else:
            await connection.close()
            return


def give(folder: Path) -> None:
    """Give a new folder to the user that runs PostgreSQL."""
    find_server_user().take_over(folder)
