"""The choice among due deliveries: no key waits for another's backlog."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from linkskipper.database import Pool
from linkskipper.webhooks import PendingDeliveries, PendingDelivery, queries, redeliver, rescue_stuck_hosts
from support.deliveries import pending_deliveries, queued
from support.factories import make_key

HOST = "hook.example"
URL = f"https://{HOST}/"
BACKLOG = """
INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body, attempts, schedule_step, next_attempt_at)
SELECT gen_random_uuid(), $1, gen_random_uuid(), '', 'hook.example', '', '', $3, $3,
    now() - interval '1 day' + number * interval '1 ms'
FROM generate_series(1, $2) AS number
"""


@pytest.fixture
def pending(pool: Pool, tmp_path: Path) -> PendingDeliveries:
    return pending_deliveries(pool, tmp_path)


async def backlog(pool: Pool, count: int, *, step: int) -> int:
    """Make a key with overdue deliveries at the host."""
    key_id = await make_key(pool)
    await pool.execute("INSERT INTO webhook_hosts (host) VALUES ('hook.example') ON CONFLICT DO NOTHING")
    await pool.execute(BACKLOG, key_id, count, step)
    return key_id


def keys(deliveries: list[PendingDelivery]) -> Counter[int]:
    return Counter(delivery.key_id for delivery in deliveries)


@pytest.mark.parametrize("step", [0, 3], ids=["first attempts", "retries"])
async def test_a_new_event_does_not_wait_for_another_keys_backlog(
    pool: Pool, pending: PendingDeliveries, step: int
) -> None:
    """A new event is among the next four attempts, however many deliveries of another key wait."""
    dead = await backlog(pool, 500, step=step)
    new = await queued(pool, await make_key(pool), URL)
    deliveries = await pending.read(HOST, 4)
    assert new in {delivery.id for delivery in deliveries}
    assert keys(deliveries)[dead] == 3


async def test_a_new_event_does_not_wait_for_retries_of_its_key(pool: Pool, pending: PendingDeliveries) -> None:
    """First attempts of a key come before its retries."""
    key_id = await backlog(pool, 500, step=3)
    new = await queued(pool, key_id, URL)
    assert (await pending.read(HOST, 4))[0].id == new


async def test_the_keys_take_turns(pool: Pool, pending: PendingDeliveries) -> None:
    """Keys with many due deliveries get about equal shares, whatever the size of their backlogs."""
    several = [await backlog(pool, count, step=1) for count in (900, 300, 100, 100)]
    shares = keys(await pending.read(HOST, 100))
    assert all(18 <= shares[key_id] <= 45 for key_id in several)


async def test_the_oldest_delivery_is_chosen(pool: Pool, pending: PendingDeliveries) -> None:
    """The oldest delivery is chosen, however many keys have new events."""
    await backlog(pool, 1, step=9)
    for _ in range(9):
        await queued(pool, await make_key(pool), URL)
    assert [delivery.schedule_step for delivery in await pending.read(HOST, 4)].count(9) == 1


async def test_the_limit_is_used_up(pool: Pool, pending: PendingDeliveries) -> None:
    """As many deliveries are returned as asked for and due: each once, none excluded, none before its time."""
    await backlog(pool, 300, step=2)
    for _ in range(5):
        await backlog(pool, 1, step=0)
    later = await backlog(pool, 50, step=1)
    await pool.execute(
        "UPDATE webhook_deliveries SET next_attempt_at = now() + interval '1 day' WHERE key_id = $1", later
    )
    seen: list[UUID] = []
    while deliveries := await pending.read(HOST, 100, seen):
        assert len(deliveries) == min(100, 305 - len(seen))
        seen += [delivery.id for delivery in deliveries]
    assert len(seen) == len(set(seen)) == 305
    assert await pending.read(HOST, 1)


async def test_only_redeliveries_are_due_at_a_paused_host(pool: Pool, pending: PendingDeliveries) -> None:
    """The backlog of a paused host waits, and no rescue wakes it. A redelivery is due."""
    await backlog(pool, 10, step=1)
    chosen = await queued(pool, await make_key(pool), URL)
    await pool.execute("UPDATE webhook_hosts SET failures = 9, failing_since = now(), paused_at = now()")
    assert await pending.read(HOST, 100) == []
    assert await rescue_stuck_hosts(pool, timedelta(minutes=1)) == 0
    assert await redeliver(pool, chosen)
    assert [delivery.id for delivery in await pending.read(HOST, 100)] == [chosen]


INDEXES = {
    "due": (
        queries.DUE,
        "ARRAY['hook.example'], ARRAY[100], ARRAY[]::uuid[], 1000",
        {
            "webhook_deliveries_first_attempts",
            "webhook_deliveries_retries",
            "webhook_deliveries_due",
            "webhook_deliveries_manual",
        },
    ),
    "stuck": (queries.STUCK_HOSTS, "interval '1 minute'", {"webhook_deliveries_due", "webhook_deliveries_manual"}),
    "release": (
        queries.RELEASE,
        "ARRAY['hook.example'], ARRAY[1]::bigint[]",
        {"webhook_deliveries_due", "webhook_deliveries_manual"},
    ),
}


@pytest.mark.parametrize("keys", [0, 1, 50])
@pytest.mark.parametrize("name", INDEXES)
async def test_a_backlog_is_not_read_whole(pool: Pool, name: str, keys: int) -> None:
    """Statements on a backlog use the indexes made for them, with or without statistics of the table."""
    statement, arguments, indexes = INDEXES[name]
    for _ in range(keys):
        await backlog(pool, 10_000 // keys, step=1)
    async with pool.acquire() as connection:
        if keys:
            await connection.execute("ANALYZE webhook_deliveries")
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE look AS {statement}")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE look({arguments})"))
    assert "Seq Scan on webhook_deliveries" not in plan
    assert {index for index in indexes if f" {index} " in plan} == indexes
    assert "ALL ($3)" not in plan
