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
from linkskipper.database.embedded.system_user import ServerUser, find_server_user

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


class PgBouncer:
    """A PgBouncer with its configuration in a folder. `url` leads through it."""

    def __init__(self, folder: Path, url: str, user: ServerUser) -> None:
        self.url = url
        self._folder = folder
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, self._folder / "pgbouncer.ini"],
                stdout=log,
                stderr=log,
                cwd="/",
                **self._user.popen_options(),
            )
        await _until_up(self.url)

    def kill(self) -> None:
        """End it without a word to its clients."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@asynccontextmanager
async def run_pgbouncer(server_url: str, *, ignored: str = "") -> AsyncIterator[str]:
    """Run PgBouncer in transaction mode with SERVER_CONNECTIONS for each database. Provide the URL through it.

    `ignored` lists settings that clients may ask for their sessions, and do not get.
    """
    async with pgbouncer(server_url, ignored=ignored) as running:
        yield running.url


@asynccontextmanager
async def pgbouncer(server_url: str, *, ignored: str = "") -> AsyncIterator[PgBouncer]:
    """Run PgBouncer as `run_pgbouncer` does. The test may kill it and start it again."""
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
        running = PgBouncer(folder, url, user)
        try:
            await running.start()
            yield running
        finally:
            running.kill()


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
