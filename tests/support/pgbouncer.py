"""PgBouncer in front of a PostgreSQL server."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg

from linkskipper.database.connect import list_servers
from linkskipper.database.embedded.system_user import find_server_user

SERVER_CONNECTIONS = 2
PORT = 6432
CONFIG = """
[databases]
* = {server}

[pgbouncer]
pool_mode = transaction
default_pool_size = {size}
auth_type = any
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
ignore_startup_parameters = {ignored}
"""


@asynccontextmanager
async def run_pgbouncer(server_url: str, *, ignored: str = "") -> AsyncIterator[str]:
    """Run PgBouncer in transaction mode with SERVER_CONNECTIONS for each database. Provide the URL through it.

    `ignored` lists settings that clients may ask for their sessions, and do not get.
    """
    parts = urlsplit(server_url)
    ((host, port),) = list_servers(server_url)
    password = f" password={parts.password}" if parts.password else ""
    server = f"host={host} port={port} user={parts.username}{password}"
    with TemporaryDirectory(prefix="linkskipper-tests-") as name:
        folder, user = Path(name), find_server_user()
        config = folder / "pgbouncer.ini"
        config.write_text(
            CONFIG.format(server=server, size=SERVER_CONNECTIONS, port=PORT, folder=folder, ignored=ignored)
        )
        folder.chmod(0o711)
        user.take_over(folder)
        url = f"postgresql://{parts.username}@{parts.path}?host={folder}&port={PORT}"
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, config], stdout=log, stderr=log, cwd="/", **user.popen_options())
        try:
            await _until_up(url)
            yield url
        finally:
            process.kill()
            process.wait()


async def _until_up(url: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                connection = await asyncpg.connect(url)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                connection.terminate()
                return
