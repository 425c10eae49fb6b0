"""Submissions and jobs a second over one and two worker processes, for different links and for one link.

The statements that PostgreSQL runs for each job are counted by its extension pg_stat_statements.
"""

import asyncio
import json
import os
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from uuid import uuid4

from bench import load
from bench.harness import COMMAND, lab
from linkskipper.database import Connection, EmbeddedServer, open_connection
from linkskipper.service.migrate import migrate

ROUNDS = 3
SUBMISSIONS = 2000
AT_ONCE = 50
RESOLVING_SECONDS = 8  # of the one link: all submissions come meanwhile
PAUSE_SECONDS = 0.01
STOP_SECONDS = 15

DONE = "SELECT count(*) AS bench_done FROM jobs WHERE status = 'done'"
STATEMENTS = "SELECT sum(calls) FROM pg_stat_statements WHERE query !~ 'bench_done|pg_stat_statements'"


class Figures(NamedTuple):
    """A round: submissions a second, seconds until all jobs had ended, and statements for each job."""

    submissions: float
    seconds: float
    statements: float


async def run() -> None:
    """Measure rounds of different links and of one link in turn, with one and with two workers."""
    async with lab() as environment:
        for workers in (1, 2):
            with TemporaryDirectory(prefix="linkskipper-bench-") as folder:
                async with _service(Path(folder), environment, workers) as (address, key, database):
                    rounds = [
                        (await _different_links(address, key, database), await _one_link(address, key, database))
                        for _ in range(ROUNDS + 1)
                    ][1:]
            different, one = zip(*rounds, strict=True)
            _show(f"different links, workers: {workers}", different, "until all are done")
            _show(f"one link, workers: {workers}", one, "from the first end to the last")


async def _different_links(address: str, key: str, database: Connection) -> Figures:
    urls = [f"http://bulk.lab.test/{uuid4().hex}" for _ in range(SUBMISSIONS)]
    before = await database.fetchval(DONE)
    await database.execute("SELECT pg_stat_statements_reset()")
    begin = time.perf_counter()
    submissions = await _submit(address, key, urls)
    await _until_done(database, before + SUBMISSIONS)
    seconds = time.perf_counter() - begin
    return Figures(submissions, seconds, await database.fetchval(STATEMENTS) / SUBMISSIONS)


async def _one_link(address: str, key: str, database: Connection) -> Figures:
    url = f"http://slow.lab.test/{RESOLVING_SECONDS}/{uuid4().hex}"
    before = await database.fetchval(DONE)
    await database.execute("SELECT pg_stat_statements_reset()")
    submissions = await _submit(address, key, [url] * SUBMISSIONS)
    assert await database.fetchval(DONE) == before, "the link was resolved before all had been submitted"
    await _until_done(database, before + 1)
    begin = time.perf_counter()
    await _until_done(database, before + SUBMISSIONS)
    seconds = time.perf_counter() - begin
    return Figures(submissions, seconds, await database.fetchval(STATEMENTS) / SUBMISSIONS)


async def _submit(address: str, key: str, urls: Sequence[str]) -> float:
    """Submit the links and return how many a second were accepted."""
    requests = [load.request("POST", "/v1/resolve", key=key, body=json.dumps({"url": url}).encode()) for url in urls]
    return await asyncio.to_thread(load.peak, address, requests, at_once=AT_ONCE)


async def _until_done(database: Connection, count: int) -> None:
    while await database.fetchval(DONE) < count:
        await asyncio.sleep(PAUSE_SECONDS)


def _show(what: str, rounds: Sequence[Figures], seconds: str) -> None:
    figures = Figures(*(median(values) for values in zip(*rounds, strict=True)))
    print(
        f"{what}: {figures.submissions:.0f} submissions/s, {figures.seconds:.2f} s {seconds} ({SUBMISSIONS} jobs), "
        f"{figures.statements:.2f} statements a job",
        flush=True,
    )


@asynccontextmanager
async def _service(
    folder: Path, lab_environment: dict[str, str], workers: int
) -> AsyncIterator[tuple[str, str, Connection]]:
    """Run a database, an API and workers, each in a process of its own. Provide the API's address and a key."""
    server = EmbeddedServer(folder)
    await _count_statements(server)
    url = server.join()
    await migrate(url)
    environment = {
        **os.environ,
        **lab_environment,
        "LINKSKIPPER_DATABASE_URL": url,
        "LINKSKIPPER_DATA_DIR": str(folder),
        "LINKSKIPPER_NEW_ACCOUNT_CREDITS": "1000000000",
        "LINKSKIPPER_LOG_JSON": "true",
        "LINKSKIPPER_PORT": "0",
    }
    async with AsyncExitStack() as stack:
        account = await _made(environment, "accounts", "create", "bench")
        key = await _made(environment, "keys", "create", "--account", str(account["id"]), "--rate-limit", "1000000")
        api = await stack.enter_async_context(_process(environment, "api"))
        for _ in range(workers):
            await stack.enter_async_context(_process(environment, "worker"))
        database = await open_connection(url)
        yield api["address"], key["key"], database
        await database.close()
    server.leave()


async def _count_statements(server: EmbeddedServer) -> None:
    """Load pg_stat_statements, which takes a start of the server."""
    database = await open_connection(server.join())
    await database.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
    await database.execute("CREATE EXTENSION pg_stat_statements")
    await database.close()
    server.leave()


async def _made(environment: dict[str, str], *arguments: str) -> Any:
    command = await asyncio.create_subprocess_exec(COMMAND, *arguments, "--json", env=environment, stdout=PIPE)
    output, _ = await command.communicate()
    return json.loads(output)


@asynccontextmanager
async def _process(environment: dict[str, str], command: str) -> AsyncIterator[Any]:
    """Run a process of the service until the context ends. Provide the log line of its readiness."""
    process = await asyncio.create_subprocess_exec(COMMAND, command, env=environment, stderr=PIPE)
    ready = await _ready(process)
    assert process.stderr is not None
    reading = asyncio.create_task(process.stderr.read())
    try:
        yield ready
    finally:
        process.terminate()
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
        await reading


async def _ready(process: Process) -> Any:
    assert process.stderr is not None
    while line := await process.stderr.readline():
        event = json.loads(line)
        if event["event"].endswith(".ready"):
            return event
    raise AssertionError("the process ended before it was ready")
