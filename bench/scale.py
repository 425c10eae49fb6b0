"""What a link costs the API, the workers and PostgreSQL, for one serve and for several processes of each kind."""

import asyncio
import json
import os
import socket
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import uuid4

import psutil

from bench import load
from bench.cost import processor_time
from bench.harness import COMMAND, lab, started
from linkskipper.database import Connection, EmbeddedServer, open_connection
from linkskipper.service.migrate import migrate

SIZE = "SELECT pg_database_size(current_database())"
ROUNDS = 3
LINKS = 1500
AT_ONCE = 50  # for each API
PAUSE_SECONDS = 0.02
SHAPES = ((1, 1), (1, 2), (2, 2))
"""How many API and how many worker processes."""


class Service(NamedTuple):
    """A running service: the addresses of its APIs, and its processes by their part."""

    addresses: list[str]
    key: str
    parts: dict[str, list[psutil.Process]]


class Entry(NamedTuple):
    """A way to a database: the settings that name it, and the processes in between by their part."""

    settings: dict[str, str]
    parts: dict[str, list[psutil.Process]]


async def run() -> None:
    """Measure each shape, one after the other."""
    async with lab() as environment:
        settings = {**environment, "LINKSKIPPER_NEW_ACCOUNT_CREDITS": "1000000", "LINKSKIPPER_LOG_LEVEL": "error"}
        with TemporaryDirectory(prefix="linkskipper-bench-") as folder:
            async with _serve(Path(folder), settings) as (service, database):
                await measure("serve", service, database)
        for apis, workers in SHAPES:
            with TemporaryDirectory(prefix="linkskipper-bench-") as folder:
                async with processes(Path(folder), settings, apis, workers, direct) as (service, database):
                    await measure(f"{apis} api + {workers} worker", service, database)


async def measure(name: str, service: Service, database: Connection) -> None:
    """Print the links a second, and what one costs each part."""
    await database.execute("UPDATE api_keys SET rate_limit = 1000000000")
    await asyncio.sleep(1)  # until the APIs read the key again
    size = await database.fetchval(SIZE)
    rounds = [await _round(service, database) for _ in range(ROUNDS + 1)][1:]
    grown = (await database.fetchval(SIZE) - size) / LINKS / (ROUNDS + 1)
    rates, costs = zip(*rounds, strict=True)
    parts = {part: median(cost[part] for cost in costs) / LINKS * 1e6 for part in service.parts}
    shown = ", ".join(f"{part} {microseconds:.0f} µs" for part, microseconds in parts.items())
    print(f"{name}: {median(rates):.0f} links/s ({min(rates):.0f} to {max(rates):.0f})")
    print(f"  a link costs {shown}, {grown:.0f} bytes in the database", flush=True)


async def _round(service: Service, database: Connection) -> tuple[float, dict[str, float]]:
    """Return the links a second, and the seconds of processor time of each part."""
    bodies = [json.dumps({"url": f"http://bulk.lab.test/{uuid4().hex}"}).encode() for _ in range(LINKS)]
    requests = [load.request("POST", "/v1/resolve", key=service.key, body=body) for body in bodies]
    count = len(service.addresses)
    done, before, begin = await database.fetchval(load.DONE), _times(service), time.perf_counter()
    shares = [(address, requests[number::count]) for number, address in enumerate(service.addresses)]
    await asyncio.gather(*(asyncio.to_thread(load.peak, *share, at_once=AT_ONCE) for share in shares))
    while await database.fetchval(load.DONE) < done + LINKS:
        await asyncio.sleep(PAUSE_SECONDS)
    rate = LINKS / (time.perf_counter() - begin)
    await asyncio.sleep(1)  # the queue notes the ends of jobs a little later
    return rate, {part: seconds - before[part] for part, seconds in _times(service).items()}


def _times(service: Service) -> dict[str, float]:
    return {part: sum(processor_time(process) for process in group) for part, group in service.parts.items()}


@asynccontextmanager
async def _serve(folder: Path, settings: dict[str, str]) -> AsyncIterator[tuple[Service, Connection]]:
    arguments = ("serve", "--port", "0", "--data-dir", str(folder), "--workers", "1")
    async with started(*arguments, ready="poll_url", **settings) as running:
        serve = psutil.Process(running.process.pid)
        workers = [child for child in serve.children() if "worker_process" in " ".join(child.cmdline())]
        parts = {"API": [serve], "worker": workers, "PostgreSQL": [_postmaster(folder)]}
        address, key = running.found(r"runs at (http://[^/\s]+)"), running.found(r"(sk_live_\w+)")
        database = await open_connection(f"postgresql://postgres@/postgres?host={folder}/postgres")
        yield Service([address], key, parts), database
        await database.close()


@asynccontextmanager
async def direct(url: str) -> AsyncIterator[Entry]:
    """Lead processes to the server itself."""
    yield Entry({"LINKSKIPPER_DATABASE_URL": url}, {})


@asynccontextmanager
async def processes(
    folder: Path,
    settings: dict[str, str],
    apis: int,
    workers: int,
    entry: Callable[[str], AbstractAsyncContextManager[Entry]],
) -> AsyncIterator[tuple[Service, Connection]]:
    """Run a service as processes that reach its database by an entry."""
    async with AsyncExitStack() as stack:
        url = stack.enter_context(EmbeddedServer(folder).running())
        await migrate(url)
        way = await stack.enter_async_context(entry(url))
        own = {**os.environ, **settings, **way.settings, "LINKSKIPPER_DATA_DIR": str(folder)}
        await _output(own, "accounts", "create", "bench", "--json")
        key = json.loads(await _output(own, "keys", "create", "--account", "1", "--json"))["key"]
        ports = [_free_port() for _ in range(apis + workers)]
        parts: dict[str, list[psutil.Process]] = {"API": [], "worker": [], "PostgreSQL": [_postmaster(folder)]}
        parts |= way.parts
        for number, port in enumerate(ports):
            part, variable = ("API", "PORT") if number < apis else ("worker", "MONITOR_PORT")
            environment = own | {f"LINKSKIPPER_{variable}": str(port)}
            parts[part].append(await _start(stack, environment, part.lower()))
        database = await open_connection(url)
        stack.push_async_callback(database.close)
        yield Service([f"http://127.0.0.1:{port}" for port in ports[:apis]], key, parts), database


async def _start(stack: AsyncExitStack, environment: dict[str, str], command: str) -> psutil.Process:
    """Start a process and wait until it is ready. The stack stops it."""
    process = await asyncio.create_subprocess_exec(COMMAND, command, env=environment)

    async def stop() -> None:
        process.terminate()
        await process.wait()

    stack.push_async_callback(stop)
    while not await _is_ready(environment):
        await asyncio.sleep(PAUSE_SECONDS)
    return psutil.Process(process.pid)


async def _is_ready(environment: dict[str, str]) -> bool:
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "health"), env=environment, stdout=DEVNULL, stderr=DEVNULL
    )
    return await process.wait() == 0


async def _output(environment: dict[str, str], *command: str) -> str:
    process = await asyncio.create_subprocess_exec(COMMAND, *command, env=environment, stdout=PIPE)
    output, _ = await process.communicate()
    return output.decode()


def _postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
