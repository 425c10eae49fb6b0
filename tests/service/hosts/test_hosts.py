"""The service on several hosts under load: hosts die, links fall silent, the primary database is lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import structlog

from linkskipper.accounts import Keyring, create_account, create_key
from linkskipper.database import open_connection, open_pool
from support import standby
from support.fleet import Fleet, call, run_fleet
from support.service import fresh_link

log = structlog.get_logger()

CLIENTS = 6
CREDITS = 1_000_000
PATIENCE = 3  # times the aims below, because a machine that runs other tests is slow
ANSWER_SECONDS = 10
NEIGHBOUR_SECONDS = 5
RECOVERY_SECONDS = 15
DRAIN_SECONDS = 60


@dataclass
class Load:
    """Clients that submit one link after another through the proxy, each with a key and a webhook."""

    fleet: Fleet
    account_id: int
    headers: dict[str, str]
    session: aiohttp.ClientSession
    accepted: dict[str, str] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    statuses: set[int] = field(default_factory=set)
    stopped: bool = False

    async def call(self, method: str, path: str, base: str | None = None, **options: Any) -> tuple[int, Any]:
        began = time.monotonic()
        status, body = await call(
            self.session, method, (base or self.fleet.url) + path, headers=self.headers, **options
        )
        if base is not None and status:
            self.fleet.answer_seconds.append(time.monotonic() - began)
        self.statuses.add(status)
        return status, body

    async def submit(self, base: str | None = None) -> str:
        """Submit a link until it is accepted. Return the id of its job."""
        hook = self.fleet.receiver.url()
        order = {"url": fresh_link(), "webhook_url": hook, "idempotency_key": uuid4().hex}
        while True:
            status, body = await self.call("POST", "/v1/resolve", base, json=order)
            if status in {200, 202}:
                self.accepted[body["job_id"]] = hook
                return str(body["job_id"])
            assert status in {0, 503}, body
            await asyncio.sleep(0.1)

    async def finish(self, job_id: str, base: str | None = None) -> None:
        """Wait until a job has ended."""
        while True:
            status, body = await self.call("GET", f"/v1/jobs/{job_id}", base, params={"wait": "2"})
            if status == 200 and body["status"] not in {"queued", "running"}:
                assert body["status"] == "done", body
                self.ended[job_id] = time.monotonic()
                return
            if status != 200:
                await asyncio.sleep(0.1)

    async def client(self) -> None:
        while not self.stopped:
            await self.finish(await self.submit())


@asynccontextmanager
async def load(fleet: Fleet) -> AsyncIterator[Load]:
    """Load a fleet. At the end, every accepted link has one result, one charge and its event."""
    pool = await open_pool(fleet.database_url, size=1)
    account = await create_account(pool, "load", credits=CREDITS)
    key = await create_key(pool, Keyring(fleet.secret.encode()), account.id, name="load", rate_limit=1_000_000)
    pool.terminate()
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS + 5)
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        running = Load(fleet, account.id, {"Authorization": f"Bearer {key.key}"}, session)
        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(running.client())
            yield running
            running.stopped = True
        await verify(running)


async def verify(load: Load) -> None:
    """Nothing is lost, nothing is charged twice, every event has arrived, and no answer was late."""
    async with asyncio.timeout(DRAIN_SECONDS):
        while any(not load.fleet.receiver.at(hook) for hook in load.accepted.values()):
            await asyncio.sleep(0.2)
    connection = await open_connection(load.fleet.database_url)
    books = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM jobs WHERE status = 'done') AS done, (SELECT count(*) FROM jobs) AS jobs,"
        " (SELECT count(*) FROM ledger WHERE kind = 'charge') AS charges,"
        " (SELECT count(DISTINCT job_id) FROM ledger WHERE kind = 'charge') AS charged, balance, held"
        " FROM accounts WHERE id = $1",
        load.account_id,
    )
    await connection.close()
    count = len(load.accepted)
    expected = {"done": count, "jobs": count, "charges": count, "charged": count, "balance": CREDITS - count, "held": 0}
    assert dict(books or {}) == expected
    slowest = max(load.fleet.answer_seconds)
    log.info("hosts.end", links=count, slowest_answer_seconds=round(slowest, 1))
    assert slowest < PATIENCE * ANSWER_SECONDS


async def until_works(load: Load, base: str | None = None) -> float:
    """Return the seconds until a new link is done."""
    began = time.monotonic()
    await load.finish(await load.submit(base), base)
    return time.monotonic() - began


def api_url(fleet: Fleet, number: int) -> str:
    return f"http://{fleet.apis[number].host.address}:8000"


async def recover(load: Load, what: str, base: str | None = None) -> None:
    """Wait until a new link is done."""
    seconds = await until_works(load, base)
    log.info("hosts.recovered", after=what, seconds=round(seconds, 1))
    assert seconds < PATIENCE * RECOVERY_SECONDS


async def silence(load: Load, seconds: float) -> None:
    """Silence the links of one API and one worker to the database. The other API does not wait for them."""
    fleet = load.fleet
    cut = [fleet.apis[0].host, fleet.workers[0].host]
    for host in cut:
        fleet.primary.silence(host)
    ends = time.monotonic() + seconds
    slowest = 0.0
    while time.monotonic() < ends:
        began = time.monotonic()
        job_id = await load.submit(api_url(fleet, 1))
        slowest = max(slowest, time.monotonic() - began)
        await load.finish(job_id, api_url(fleet, 1))
    log.info("hosts.silent", seconds=seconds, slowest_submission_elsewhere_seconds=round(slowest, 1))
    assert slowest < PATIENCE * NEIGHBOUR_SECONDS
    for host in cut:
        fleet.primary.restore(host)
    await recover(load, "the silence", api_url(fleet, 0))


@pytest.mark.slow
async def test_hosts_that_die_fall_silent_and_a_lost_primary() -> None:
    """Under load: hosts are killed, a link falls silent for 5 s, and the standby takes over from the primary."""
    async with run_fleet() as fleet, load(fleet) as running:
        await recover(running, "the start")
        for part in (fleet.workers[0], fleet.apis[0]):
            await part.kill()
            await recover(running, f"the loss of one {part.command[0]}")
            await fleet.restart(part)
        await silence(running, 5)
        fleet.primary.vanish()
        await standby.promote(fleet.standby)
        await recover(running, "the promotion")


@pytest.mark.hosts
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seconds", [40, 90])
async def test_links_that_are_silent_for_long(seconds: int) -> None:
    """Links that are silent for longer than every time limit cost nothing, and the other API does not wait for them."""
    async with run_fleet() as fleet, load(fleet) as running:
        await silence(running, seconds)
