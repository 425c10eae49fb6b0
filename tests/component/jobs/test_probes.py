"""The probe of a circuit belongs to its job, also if the request is cut or the database lets it down meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from linkskipper.database import Pool
from linkskipper.database.time_limits import LOOK_SECONDS
from linkskipper.errors import DatabaseUnavailable, OutOfCredits, ProviderDown
from linkskipper.provider_health import OutcomeRecorder
from support.jobs import Account, JobDesk
from support.outcomes import CATALOG, fail

URL = "https://broken.lab.test/x"
WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
CIRCUIT = "SELECT xmin::text AS version, probe_until IS NOT NULL AS probing FROM circuits"
BOOKS = "SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT sum(held) FROM accounts) AS held"
LOCKS = {"while it claims": "SELECT FROM circuits FOR UPDATE", "while it queues": "SELECT FROM accounts FOR UPDATE"}


async def half_open(desk: JobDesk, account: Account) -> None:
    """Open the circuit of a host for an account, and let its cool-down pass."""
    recorder = OutcomeRecorder(desk.pool, CATALOG)
    fail(recorder, *[account.id] * 5)
    await recorder.flush()
    await desk.pool.execute("UPDATE circuits SET open_until = now()")
    await desk.admission.refresh()


@asynccontextmanager
async def locked(database_url: str, statement: str) -> AsyncIterator[None]:
    """Hold the locks of a statement."""
    holder = await asyncpg.connect(database_url)
    try:
        async with holder.transaction():
            await holder.execute(statement)
            yield
    finally:
        await holder.close()


async def waiting(pool: Pool) -> int:
    """Wait until a connection waits for a lock. Return its process."""
    async with asyncio.timeout(60):
        while (pid := await pool.fetchval(WAITING)) is None:
            await asyncio.sleep(0.01)
    return int(pid)


async def cut(request: "asyncio.Task[object]") -> None:
    """Cancel a request again and again, as a time limit does."""
    while not request.done():
        request.cancel()
        await asyncio.wait([request], timeout=LOOK_SECONDS)
    assert request.cancelled()


async def released(pool: Pool, version: str) -> None:
    """Wait until a probe was claimed and released."""
    async with asyncio.timeout(60):
        while True:
            circuit = await pool.fetchrow(CIRCUIT)
            assert circuit is not None
            if circuit["version"] != version and not circuit["probing"]:
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("credits", [0, 5])
@pytest.mark.parametrize("moment", LOCKS)
async def test_a_request_that_is_cut(pool: Pool, database_url: str, moment: str, credits: int) -> None:
    """The job that is queued after all keeps its probe. A request without a job has released it."""
    desk = JobDesk(pool)
    account = await desk.account(credits=credits)
    await half_open(desk, account)
    before = await pool.fetchrow(CIRCUIT)
    assert before is not None
    async with locked(database_url, LOCKS[moment]):
        request = asyncio.create_task(desk.submit(account, URL))
        await waiting(pool)
        await cut(request)
    if credits and moment == "while it queues":
        async with asyncio.timeout(60):
            while not await pool.fetchval("SELECT count(*) FROM jobs"):
                await asyncio.sleep(0.01)
        with pytest.raises(ProviderDown):
            await desk.submit(account, URL)
        assert await pool.fetchval("SELECT probe_until IS NOT NULL FROM circuits")
    else:
        await released(pool, before["version"])
        assert tuple(await pool.fetchrow(BOOKS) or ()) == (0, 0)


async def test_requests_that_are_not_cut(pool: Pool) -> None:
    """A job keeps its probe, and others are refused. A job that is refused has released it."""
    desk = JobDesk(pool)
    poor, rich = await desk.account(credits=0), await desk.account(credits=5)
    await half_open(desk, poor)
    with pytest.raises(OutOfCredits):
        await desk.submit(poor, URL)
    await half_open(desk, rich)
    assert await desk.submit(rich, URL)
    with pytest.raises(ProviderDown):
        await desk.submit(rich, URL)


async def test_a_connection_that_is_lost(pool: Pool, database_url: str) -> None:
    """The probe of a job that was rolled back with its connection is released."""
    desk = JobDesk(pool)
    account = await desk.account()
    await half_open(desk, account)
    async with locked(database_url, LOCKS["while it queues"]):
        request = asyncio.create_task(desk.submit(account, URL))
        await pool.execute("SELECT pg_terminate_backend($1)", await waiting(pool))
        with pytest.raises(DatabaseUnavailable):
            await request
    assert not await pool.fetchval("SELECT probe_until IS NOT NULL FROM circuits")
    assert await desk.submit(account, URL)
