"""The migrations of a large database from the last release to this version, while processes of that release serve it.

It prints the time of each migration, and the longest wait of a request meanwhile. The last release and its schema come
from the history of the repository, so a shallow clone needs `git fetch --unshallow`.
"""

import asyncio
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import time
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import uuid4

import aiohttp

from bench.harness import COMMAND, lab
from linkskipper.database import Connection, EmbeddedServer, open_connection
from linkskipper.database.schema import MIGRATION_LOCK, current_revision, read_migrations, upgrade
from linkskipper.service.migrate import migrate

ROOT = Path(__file__).parents[1]
ROWS = {"jobs": 2_000_000, "ledger": 2_000_000, "deliveries": 500_000, "attempts": 1_000_000, "requests": 1_000_000}
WITH_REQUESTS = "0020"  # the first migration after the table of requests has its rows
CLIENTS = 6
PAUSE_SECONDS = 0.1  # of a client between two requests
BETWEEN_SECONDS = 1  # two migrations, so that what waited for the first does not wait for the second
READY_SECONDS = 60
END_SECONDS = 60  # for the last links to be done
LONG, TOO_LONG = 1.0, 10.0  # seconds of an answer

FILL = {
    "jobs": """
        INSERT INTO jobs (id, account_id, key_id, url, canonical_url, link_hash, provider, tier, price, queue_position,
            status, target_url, hops, credits_charged, attempt, started_at, finished_at, created_at)
        SELECT uuidv7(age), 1, 1, 'https://bulk.lab.test/' || number, 'https://bulk.lab.test/' || number,
            sha256(number::text::bytea), 'bulk', 'standard', 1, 1, 'done', 'https://example.com/' || number,
            '[{"url": "https://bulk.lab.test/x", "mechanism": "location-header", "status": 301}]', 1, 1,
            now() + age, now() + age, now() + age
        FROM generate_series(1, $1::integer) AS number,
            LATERAL (SELECT (number - $1::integer) * interval '3 seconds' - interval '1 hour' AS age) AS ages
    """,
    "ledger": """
        INSERT INTO ledger (account_id, kind, amount) SELECT 1, 'grant', 1 FROM generate_series(1, $1::integer)
    """,
    "deliveries": """
        INSERT INTO webhook_deliveries
            (id, key_id, job_id, url, host, event, body, status, next_attempt_at, ended_at, created_at)
        SELECT id, 1, id, 'https://hook.example/x', 'hook.example', 'resolve.done', repeat('x', 300), 'delivered',
            NULL, finished_at, created_at
        FROM jobs ORDER BY jobs.id DESC LIMIT $1::integer
    """,
    "attempts": """
        INSERT INTO webhook_attempts SELECT id, 1, created_at, 12, 200, NULL, 'ok'
        FROM jobs ORDER BY jobs.id DESC LIMIT $1::integer
    """,
    "requests": """
        INSERT INTO requests (at, account_id, key_id, request_id, method, path, status, milliseconds)
        SELECT now() - number * interval '0.5 seconds', 1, 1, number::text, 'POST', '/v1/resolve', 202, 3
        FROM generate_series(1, $1::integer) AS number
    """,
}


class Answer(NamedTuple):
    """When a request began (monotonic), how many seconds its answer took, and its status or the name of an error."""

    began: float
    seconds: float
    status: str


class Step(NamedTuple):
    """A migration, and when it began and ended."""

    name: str
    began: float
    ended: float


class Load:
    """Clients that submit links and poll their jobs."""

    def __init__(self, address: str, key: str) -> None:
        self._address = address
        self._key = key
        self.answers: list[Answer] = []
        self.jobs: set[str] = set()
        self.stopped = False

    async def run(self) -> None:
        """Send requests until the load is stopped."""
        headers = {"Authorization": f"Bearer {self._key}"}
        async with aiohttp.ClientSession(self._address, headers=headers) as session, asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(self._client(session))

    async def _client(self, session: aiohttp.ClientSession) -> None:
        while not self.stopped:
            order = {"url": f"http://bulk.lab.test/{uuid4().hex}"}
            job = await self._send(session.post("/v1/resolve", json=order))
            if job is not None:
                self.jobs.add(job)
                await self._send(session.get(f"/v1/jobs/{job}"))

    async def _send(self, sending: "aiohttp.client._RequestContextManager") -> str | None:
        """Send a request. Return the job of its answer."""
        began, job = time.monotonic(), None
        try:
            async with sending as response:
                body, status = await response.json(), str(response.status)
                job = body.get("job_id")
        except aiohttp.ClientError as error:
            status = type(error).__name__
        self.answers.append(Answer(began, time.monotonic() - began, status))
        await asyncio.sleep(PAUSE_SECONDS)
        return job


async def run(scale: str = "1") -> None:
    """Migrate `scale` times ROWS."""
    rows = {name: int(count * float(scale)) for name, count in ROWS.items()}
    with TemporaryDirectory(prefix="linkskipper-bench-") as name:
        folder = Path(name)
        with EmbeddedServer(folder / "data").running() as url:
            async with lab() as settings, _release(folder, {**settings, "LINKSKIPPER_DATABASE_URL": url}) as release:
                connection = await open_connection(url)
                key = await release.prepare()
                await _fill(connection, {name: rows[name] for name in ("jobs", "ledger", "deliveries", "attempts")})
                load = Load(await release.start(), key)
                running = asyncio.create_task(load.run())
                steps = await _migrate(connection, url, rows)
                load.stopped = True
                await running
                _show(steps, load.answers)
                await _show_jobs(connection, load)
                await connection.close()


async def _fill(connection: Connection, rows: Mapping[str, int]) -> None:
    began = time.monotonic()
    await connection.execute("SET synchronous_commit = off")
    for name, count in rows.items():
        await connection.execute(FILL[name], count)
    await connection.execute("RESET synchronous_commit")
    await connection.execute("VACUUM ANALYZE")
    filled = ", ".join(f"{count} {name}" for name, count in rows.items())
    print(f"filled in {time.monotonic() - began:.0f} s: {filled}", flush=True)


async def _migrate(connection: Connection, url: str, rows: Mapping[str, int]) -> list[Step]:
    """Apply the migrations one by one, then what follows the last one."""
    await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    before = await current_revision(connection) or ""
    steps = []
    for migration in read_migrations():
        if migration.version <= before:
            continue
        if migration.version == WITH_REQUESTS:
            await _fill(connection, {"requests": rows["requests"]})
        await asyncio.sleep(BETWEEN_SECONDS)
        began = time.monotonic()
        await upgrade(connection, to=migration.version)
        steps.append(Step(f"{migration.version} {migration.name}", began, time.monotonic()))
    await connection.execute("SELECT pg_advisory_unlock($1)", MIGRATION_LOCK)
    began = time.monotonic()
    await migrate(url)
    steps.append(Step("the queue and partitions", began, time.monotonic()))
    return steps


def _show(steps: list[Step], answers: list[Answer]) -> None:
    for step in steps:
        waits = [each.seconds for each in answers if each.began < step.ended and each.began + each.seconds > step.began]
        longest = f"{max(waits, default=0):.2f}"
        print(f"{step.name}: {step.ended - step.began:.2f} s, longest wait of a request meanwhile {longest} s")
    counts = [sum(each.seconds > limit for each in answers) for limit in (LONG, TOO_LONG)]
    statuses = Counter(each.status for each in answers)
    failures = sum(count for status, count in statuses.items() if status not in {"200", "202"})
    print(f"{len(answers)} requests, {counts[0]} over {LONG:.0f} s, {counts[1]} over {TOO_LONG:.0f} s")
    print(f"{failures} failed ({dict(statuses)}), longest {max(each.seconds for each in answers):.2f} s", flush=True)


async def _show_jobs(connection: Connection, load: Load) -> None:
    """Print how many of the accepted links are done."""
    statement = "SELECT count(*) FROM jobs WHERE id = ANY($1::text[]::uuid[]) AND status = 'done'"
    ends_at = time.monotonic() + END_SECONDS
    while (done := await connection.fetchval(statement, list(load.jobs))) < len(load.jobs):
        if time.monotonic() > ends_at:
            break
        await asyncio.sleep(1)
    print(f"{done} of {len(load.jobs)} accepted links are done", flush=True)
    if done < len(load.jobs):
        sys.exit(1)


class _Release:
    """The last release: its commands, an API and a worker."""

    def __init__(self, stack: AsyncExitStack, environment: dict[str, str]) -> None:
        self._stack = stack
        self._environment = environment

    async def prepare(self) -> str:
        """Make its schema, an account and a key."""
        await self._read("db", "migrate")
        await self._read("accounts", "create", "bench", "--credits", "1000000")
        key = await self._read("keys", "create", "--account", "1", "--rate-limit", "1000000", "--json")
        return str(json.loads(key)["key"])

    async def start(self) -> str:
        """Start an API and a worker. Return the address of the API once it answers."""
        port = _free_port()
        for arguments in (("api", "--port", str(port)), ("worker",)):
            process = await asyncio.create_subprocess_exec(COMMAND, *arguments, env=self._environment)
            self._stack.push_async_callback(process.wait)
            self._stack.callback(process.terminate)
        address = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession(address) as session:
            while not await _is_ready(session):
                await asyncio.sleep(PAUSE_SECONDS)
        return address

    async def _read(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(COMMAND, *arguments, env=self._environment, stdout=PIPE)
        output, _ = await process.communicate()
        assert process.returncode == 0, arguments
        return output.decode()


@asynccontextmanager
async def _release(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[_Release]:
    commit = _git("log", "-1", "--format=%H", "--grep=^release: ").decode().strip()
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit, "src"))) as archive:
        archive.extractall(folder, filter="data")
    own = {"PYTHONPATH": str(folder / "src"), "LINKSKIPPER_DATA_DIR": str(folder / "release")}
    own |= {"LINKSKIPPER_SECRET_KEY": "of the last release, " * 3, "LINKSKIPPER_LOG_LEVEL": "error"}
    async with AsyncExitStack() as stack:
        yield _Release(stack, {**os.environ, **settings, **own})


async def _is_ready(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("/readyz") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def _git(*arguments: str) -> bytes:
    return subprocess.check_output(["git", "-C", str(ROOT), *arguments])


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
