"""What PgBouncer in transaction mode costs a link: one API and one worker process, with it and without it by turns."""

import asyncio
import shutil
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import psutil

from bench import scale
from bench.harness import lab
from linkskipper.database.connect import list_servers
from linkskipper.database.embedded.system_user import ServerUser, find_server_user

TURNS = 2
PORT = 6432
START_SECONDS = 10
CONFIG = """
[databases]
* = host={host} port={port} user=postgres

[pgbouncer]
pool_mode = transaction
default_pool_size = 20
auth_type = any
listen_addr =
listen_port = {own_port}
unix_socket_dir = {folder}
"""


async def run() -> None:
    """Measure each way in turn."""
    async with lab() as environment:
        settings = {**environment, "LINKSKIPPER_NEW_ACCOUNT_CREDITS": "1000000", "LINKSKIPPER_LOG_LEVEL": "error"}
        for _ in range(TURNS):
            for name, entry in (("without PgBouncer", scale.direct), ("with PgBouncer", _through_pgbouncer)):
                with TemporaryDirectory(prefix="linkskipper-bench-") as folder:
                    async with scale.processes(Path(folder), settings, 1, 1, entry) as (service, database):
                        await scale.measure(name, service, database)


@asynccontextmanager
async def _through_pgbouncer(url: str) -> AsyncIterator[scale.Entry]:
    """Run PgBouncer in front of a server."""
    with TemporaryDirectory(prefix="linkskipper-bench-") as name:
        folder, user = Path(name), find_server_user()
        config = _configure(folder, url, user)
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        process = await asyncio.create_subprocess_exec(
            program, "--quiet", config, stdout=DEVNULL, stderr=DEVNULL, cwd="/", **user.popen_options()
        )
        try:
            shared = f"postgresql://postgres@/postgres?host={folder}&port={PORT}"
            await _until_up(shared)
            settings = {"LINKSKIPPER_DATABASE_URL": shared, "LINKSKIPPER_DATABASE_DIRECT_URL": url}
            yield scale.Entry(settings, {"PgBouncer": [psutil.Process(process.pid)]})
        finally:
            process.kill()
            await process.wait()


def _configure(folder: Path, url: str, user: ServerUser) -> Path:
    """Write the configuration into a folder that the user of the server can read."""
    ((host, port),) = list_servers(url)
    config = folder / "pgbouncer.ini"
    config.write_text(CONFIG.format(host=host, port=port, own_port=PORT, folder=folder))
    folder.chmod(0o711)
    user.take_over(folder)
    return config


async def _until_up(url: str) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                connection = await asyncpg.connect(url)
            except OSError:
                await asyncio.sleep(scale.PAUSE_SECONDS)
            else:
                connection.terminate()
                return
