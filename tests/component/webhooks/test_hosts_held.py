"""Hosts: who holds the lease of one, and what is left of its failures when it is given back."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkskipper.accounts import WebhookSecrets, load_keyring
from linkskipper.database import Pool
from linkskipper.queue.pgqueuer import NewQueueItem, put
from linkskipper.settings import load
from linkskipper.webhooks import AttemptRecorder, Hosts, Schedule, prune_deliveries
from linkskipper.webhooks.hosts import Lease
from linkskipper.webhooks.model import Outcome
from support.deliveries import new_key, queued

HOST = "hook.example"
URL = f"https://{HOST}/"
FAILED = Outcome(datetime(2026, 6, 5, tzinfo=UTC), 1.0, status=500, error="answered 500")


@pytest.fixture
def hosts(pool: Pool, tmp_path: Path) -> Hosts:
    return Hosts(pool, WebhookSecrets(pool, load_keyring(load(data_dir=tmp_path))))


async def entries(pool: Pool, count: int) -> Sequence[int]:
    """Entries of the queue that name the host."""
    async with pool.acquire() as connection:
        return await put(connection, [NewQueueItem("webhooks", HOST.encode()) for _ in range(count)])


async def fail_once(pool: Pool, hosts: Hosts, *, attempts: int) -> None:
    """What a worker does with a host's wakeup where one delivery is due, and that attempt fails."""
    record = AttemptRecorder(pool, Schedule([timedelta()] * attempts, lambda: 0.5), pause_after=timedelta(days=5))
    (entry,) = await entries(pool, 1)
    lease = Lease(HOST, entry)
    assert await hosts.lease(lease) is not None
    (due,) = await hosts.due(HOST, 10, [])
    await record.note(due, FAILED)
    await hosts.release(lease)


async def test_a_quiet_host_is_not_paused_for_one_failure(pool: Pool, hosts: Hosts) -> None:
    """Days after a delivery was given up, the first failure of the next one is the first in a row."""
    key_id = await new_key(pool)
    for _ in range(2):
        await queued(pool, key_id, URL)
        await fail_once(pool, hosts, attempts=1)
        row = await pool.fetchrow("SELECT failures, failing_since, paused_at FROM webhook_hosts")
        assert tuple(row or ()) == (0, None, None)
        await pool.execute("UPDATE webhook_hosts SET failing_since = failing_since - interval '9 days'")


async def test_a_host_with_more_to_come_stays_failing(pool: Pool, hosts: Hosts) -> None:
    """While any delivery waits there, failures add up from the first of them on."""
    await queued(pool, await new_key(pool), URL)
    for failures in (1, 2):
        await fail_once(pool, hosts, attempts=9)
        row = await pool.fetchrow("SELECT failures, failing_since IS NOT NULL FROM webhook_hosts")
        assert tuple(row or ()) == (failures, True)


async def test_a_paused_host_stays_paused(pool: Pool, hosts: Hosts) -> None:
    """A delivery by hand that is given up lets nothing else go on, and the host is not forgotten."""
    delivery = await queued(pool, await new_key(pool), URL)
    await pool.execute("UPDATE webhook_hosts SET failures = 9, failing_since = now(), paused_at = now()")
    await pool.execute("UPDATE webhook_deliveries SET by_hand = true")
    await fail_once(pool, hosts, attempts=1)
    assert await pool.fetchval("SELECT failures FROM webhook_hosts WHERE paused_at IS NOT NULL") == 10
    await pool.execute("DELETE FROM webhook_deliveries WHERE id = $1", delivery)
    async with pool.acquire() as connection:
        await prune_deliveries(connection, timedelta(), batch=10)
    assert await pool.fetchval("SELECT count(*) FROM webhook_hosts") == 1


async def test_a_host_without_deliveries_is_forgotten(pool: Pool) -> None:
    """Failures of old are no reason to keep a host that nothing was delivered to for so long."""
    await pool.execute("INSERT INTO webhook_hosts (host, failures, failing_since) VALUES ('hook.example', 2, now())")
    async with pool.acquire() as connection:
        await prune_deliveries(connection, timedelta(), batch=10)
    assert await pool.fetchval("SELECT count(*) FROM webhook_hosts") == 0


async def test_a_lease_taken_while_another_waits_for_it(pool: Pool, hosts: Hosts) -> None:
    """An entry that waits for the host's row finds the lease held, though its holder was queued after it had asked."""
    await queued(pool, await new_key(pool), URL)
    (late,) = await entries(pool, 1)
    async with pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute("SELECT FROM webhook_hosts FOR NO KEY UPDATE")
            asked = asyncio.create_task(hosts.lease(Lease(HOST, late)))
            await waiting(pool)
            (holder,) = await put(connection, [NewQueueItem("webhooks", HOST.encode())])
            await connection.execute("UPDATE webhook_hosts SET lease = $1", holder)
        assert await asked is None
        assert await connection.fetchval("SELECT lease FROM webhook_hosts") == holder


async def waiting(pool: Pool) -> None:
    """Until a statement waits for a lock."""
    statement = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while not await pool.fetch(statement):
            await asyncio.sleep(0.01)


async def test_who_takes_which_lease(pool: Pool, hosts: Hosts) -> None:
    """Of several entries one has the lease; again by the same; another's only once that has left the queue."""
    await queued(pool, await new_key(pool), URL)
    first, second = await entries(pool, 2)
    leased = await asyncio.gather(*(hosts.lease(Lease(HOST, entry)) for entry in (first, second)))
    assert leased == [0, None]
    assert await hosts.lease(Lease(HOST, first)) == 0
    assert await hosts.lease(Lease(HOST, second)) is None
    await pool.execute("DELETE FROM pgqueuer WHERE id = $1", first)
    assert await hosts.lease(Lease(HOST, second)) == 0
    assert await hosts.lease(Lease("new.example", 1)) == 0
