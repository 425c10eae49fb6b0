"""Leases of hosts, and the failure counts that a release leaves."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkskipper.database import Pool
from linkskipper.queue import NewQueueItem, enqueue
from linkskipper.webhooks import AttemptResult, HostLeases, PendingDeliveries, prune_deliveries
from linkskipper.webhooks.leases import Lease
from support.deliveries import attempt_recorder, pending_deliveries, queued
from support.factories import make_key

HOST = "hook.example"
URL = f"https://{HOST}/"
FAILED = AttemptResult(datetime(2026, 6, 5, tzinfo=UTC), 1.0, status=500, error="answered 500")


@pytest.fixture
def leases(pool: Pool) -> HostLeases:
    return HostLeases(pool)


@pytest.fixture
def pending(pool: Pool, tmp_path: Path) -> PendingDeliveries:
    return pending_deliveries(pool, tmp_path)


async def new_entries(pool: Pool, count: int) -> Sequence[int]:
    """Queue wakeups of the host."""
    async with pool.acquire() as connection:
        return await enqueue(connection, [NewQueueItem("webhooks", HOST.encode()) for _ in range(count)])


async def fail_once(pool: Pool, leases: HostLeases, pending: PendingDeliveries, *, attempts: int) -> None:
    """Make a failed attempt at the one due delivery, as a worker does. The schedule has that many attempts."""
    (entry_id,) = await new_entries(pool, 1)
    lease = Lease(HOST, entry_id)
    assert await leases.acquire(lease) is not None
    (delivery,) = await pending.read(HOST, 10)
    await attempt_recorder(pool, *[timedelta()] * attempts).record(delivery, FAILED)
    await leases.release(lease)


async def test_a_quiet_host_is_not_paused_for_one_failure(
    pool: Pool, leases: HostLeases, pending: PendingDeliveries
) -> None:
    """A failure days after the last delivery was given up is the first of its row."""
    key_id = await make_key(pool)
    for _ in range(2):
        await queued(pool, key_id, URL)
        await fail_once(pool, leases, pending, attempts=1)
        row = await pool.fetchrow("SELECT failures, failing_since, paused_at FROM webhook_hosts")
        assert tuple(row or ()) == (0, None, None)
        await pool.execute("UPDATE webhook_hosts SET failing_since = failing_since - interval '9 days'")


async def test_failures_add_up_while_deliveries_wait(
    pool: Pool, leases: HostLeases, pending: PendingDeliveries
) -> None:
    """A release keeps the failure count of a host with pending deliveries."""
    await queued(pool, await make_key(pool), URL)
    for failures in (1, 2):
        await fail_once(pool, leases, pending, attempts=9)
        row = await pool.fetchrow("SELECT failures, failing_since IS NOT NULL FROM webhook_hosts")
        assert tuple(row or ()) == (failures, True)


async def test_a_paused_host_stays_paused(pool: Pool, leases: HostLeases, pending: PendingDeliveries) -> None:
    """A failed redelivery neither resumes a paused host nor lets retention delete it."""
    delivery = await queued(pool, await make_key(pool), URL)
    await pool.execute("UPDATE webhook_hosts SET failures = 9, failing_since = now(), paused_at = now()")
    await pool.execute("UPDATE webhook_deliveries SET manual = true")
    await fail_once(pool, leases, pending, attempts=1)
    assert await pool.fetchval("SELECT failures FROM webhook_hosts WHERE paused_at IS NOT NULL") == 10
    await pool.execute("DELETE FROM webhook_deliveries WHERE id = $1", delivery)
    async with pool.acquire() as connection:
        await prune_deliveries(connection, timedelta(), batch=10)
    assert await pool.fetchval("SELECT count(*) FROM webhook_hosts") == 1


async def test_a_host_without_deliveries_is_deleted(pool: Pool) -> None:
    """Retention deletes a host without deliveries, even one with failures."""
    await pool.execute("INSERT INTO webhook_hosts (host, failures, failing_since) VALUES ('hook.example', 2, now())")
    async with pool.acquire() as connection:
        await prune_deliveries(connection, timedelta(), batch=10)
    assert await pool.fetchval("SELECT count(*) FROM webhook_hosts") == 0


async def test_a_lease_taken_while_another_entry_waits(pool: Pool, leases: HostLeases) -> None:
    """An entry that waits for the host's row sees the lease of an entry that was queued after it asked."""
    await queued(pool, await make_key(pool), URL)
    (late,) = await new_entries(pool, 1)
    async with pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute("SELECT FROM webhook_hosts FOR NO KEY UPDATE")
            acquiring = asyncio.create_task(leases.acquire(Lease(HOST, late)))
            await until_a_statement_waits(pool)
            (holder,) = await enqueue(connection, [NewQueueItem("webhooks", HOST.encode())])
            await connection.execute("UPDATE webhook_hosts SET lease_entry_id = $1", holder)
        assert await acquiring is None
        assert await connection.fetchval("SELECT lease_entry_id FROM webhook_hosts") == holder


async def until_a_statement_waits(pool: Pool) -> None:
    """Wait until a statement waits for a lock."""
    statement = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(60):
        while not await pool.fetch(statement):
            await asyncio.sleep(0.01)


async def test_one_entry_holds_the_lease(pool: Pool, leases: HostLeases) -> None:
    """The holder may acquire again. Another entry may once the holder has left the queue."""
    await queued(pool, await make_key(pool), URL)
    first, second = await new_entries(pool, 2)
    failures = await asyncio.gather(*(leases.acquire(Lease(HOST, entry_id)) for entry_id in (first, second)))
    assert failures == [0, None]
    assert await leases.acquire(Lease(HOST, first)) == 0
    assert await leases.acquire(Lease(HOST, second)) is None
    await pool.execute("DELETE FROM pgqueuer WHERE id = $1", first)
    assert await leases.acquire(Lease(HOST, second)) == 0
    assert await leases.acquire(Lease("new.example", 1)) == 0
