"""Redeliveries, and attempts that are under way meanwhile."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkskipper.database import Pool
from linkskipper.webhooks import (
    AttemptRecorder,
    AttemptResult,
    RedeliveryPlace,
    count_account_undelivered,
    queries,
    redeliver,
    redeliver_account_part,
    redeliver_part,
    redelivery_since,
)
from support.deliveries import attempt_recorder, pending_delivery, queued
from support.factories import make_key

URL = "https://hook.example/"
FAILED = AttemptResult(datetime(2026, 6, 5, tzinfo=UTC), 1.0, status=500, error="answered 500")
GONE = AttemptResult(datetime(2026, 6, 5, tzinfo=UTC), 1.0, status=410, error="answered 410", gone=True)
RECEIVED = AttemptResult(datetime(2026, 6, 5, tzinfo=UTC), 1.0, status=200)


@pytest.fixture
def recorder(pool: Pool) -> AttemptRecorder:
    """A recorder with a schedule of three attempts."""
    return attempt_recorder(pool, timedelta(), timedelta(hours=1), timedelta(hours=1))


@pytest.mark.parametrize("result", [FAILED, GONE], ids=["fails", "is gone"])
@pytest.mark.parametrize("attempts", [0, 1, 2])
async def test_during_an_attempt_that_fails(
    pool: Pool, recorder: AttemptRecorder, result: AttemptResult, attempts: int
) -> None:
    """The failed attempt is counted, and the redelivery stays due at once."""
    delivery_id = await queued(pool, await make_key(pool), URL)
    for _ in range(attempts):
        await recorder.record(await pending_delivery(pool, delivery_id), FAILED)
    under_way = await pending_delivery(pool, delivery_id)
    assert await redeliver(pool, delivery_id)
    await recorder.record(under_way, result)
    statement = "SELECT *, next_attempt_at <= now() AS due FROM webhook_deliveries WHERE id = $1"
    row = await pool.fetchrow(statement, delivery_id)
    assert row is not None
    assert (row["status"], row["attempts"], row["schedule_step"]) == ("pending", attempts + 1, 0)
    assert (row["manual"], row["due"], row["ended_at"]) == (True, True, None)
    assert await pool.fetchval("SELECT count(*) FROM webhook_attempts") == attempts + 1


async def test_during_an_attempt_that_succeeds(pool: Pool, recorder: AttemptRecorder) -> None:
    """A delivery that the receiver accepted meanwhile is not sent again."""
    delivery_id = await queued(pool, await make_key(pool), URL)
    under_way = await pending_delivery(pool, delivery_id)
    assert await redeliver(pool, delivery_id)
    await recorder.record(under_way, RECEIVED)
    row = await pool.fetchrow("SELECT status, manual FROM webhook_deliveries WHERE id = $1", delivery_id)
    assert tuple(row or ()) == ("delivered", False)


async def test_a_redelivery_restarts_the_schedule(pool: Pool, recorder: AttemptRecorder) -> None:
    """After a failed redelivery, the next attempt follows the schedule from its start."""
    delivery_id = await queued(pool, await make_key(pool), URL)
    await recorder.record(await pending_delivery(pool, delivery_id), GONE)
    assert await redeliver(pool, delivery_id)
    await recorder.record(await pending_delivery(pool, delivery_id), FAILED)
    row = await pool.fetchrow("SELECT status, schedule_step, manual FROM webhook_deliveries WHERE id = $1", delivery_id)
    assert tuple(row or ()) == ("pending", 1, False)


async def sent_again(pool: Pool, *, account_id: int | None = None, key_id: int | None = None, limit: int) -> list[int]:
    """Send the undelivered events of the last hour again. Return the number of each part."""
    numbers = []
    place: RedeliveryPlace | None = redelivery_since(datetime.now(UTC) - timedelta(hours=1))
    while place is not None:
        async with pool.acquire() as connection, connection.transaction():
            if account_id is None:
                part = await redeliver_part(connection, place, key_id=key_id, limit=limit)
            else:
                part = await redeliver_account_part(connection, place, account_id, limit=limit)
        numbers.append(part.deliveries)
        place = part.next
    return numbers


async def test_all_are_sent_again_in_parts(pool: Pool) -> None:
    """Everything that is not delivered is due again. Each part is a transaction that wakes its hosts."""
    early, late = [f"https://{name}.example/" for name in ("early", "late")]
    key_id = await make_key(pool)
    await queued(pool, key_id, early)
    await pool.execute("UPDATE webhook_deliveries SET status = 'delivered', next_attempt_at = NULL, ended_at = now()")
    for number in range(24):
        await queued(pool, key_id, early if number < 12 else late)
    await pool.execute("DELETE FROM pgqueuer")
    await pool.execute("UPDATE webhook_deliveries SET schedule_step = 3")
    assert await sent_again(pool, key_id=key_id + 1, limit=8) == [0]
    assert await sent_again(pool, limit=8) == [8, 8, 8, 0]
    rows = await pool.fetch("SELECT xmin::text FROM webhook_deliveries WHERE manual AND schedule_step = 0")
    assert sorted(Counter(row["xmin"] for row in rows).values()) == [8, 8, 8]
    wakeups = await pool.fetch("SELECT DISTINCT convert_from(payload, 'UTF8') AS host FROM pgqueuer")
    assert {row["host"] for row in wakeups} == {"early.example", "late.example"}


@pytest.mark.parametrize("limit", [7, 100, 1000])
async def test_all_keys_of_an_account(pool: Pool, limit: int) -> None:
    """The events of each key of the account are sent again once, pending and failed ones, and nothing of others.

    What is left is counted from each place.
    """
    key_id, foreign_key = await make_key(pool), await make_key(pool)
    account_id = await pool.fetchval("SELECT account_id FROM api_keys WHERE id = $1", key_id)
    await pool.execute(
        "INSERT INTO api_keys (account_id, name, hash, prefix, last_four, webhook_secret, scopes, rate_limit)"
        " SELECT $1, 'k', number::text::bytea, 'p', 'f', '', '{}', 1 FROM generate_series(1, 60) AS number",
        account_id,
    )
    foreign = await queued(pool, foreign_key, URL)
    await pool.execute(
        "INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body, status, next_attempt_at, ended_at)"
        " SELECT uuidv7(), id, gen_random_uuid(), $2, 'hook.example', 'resolve.done', '{}',"
        " CASE WHEN number % 2 = 0 THEN 'failed' ELSE 'pending' END, CASE WHEN number % 2 = 1 THEN now() END,"
        " CASE WHEN number % 2 = 0 THEN now() END FROM api_keys, generate_series(1, 10) AS number"
        " WHERE account_id = $1",
        account_id,
        URL,
    )
    begin = redelivery_since(datetime.now(UTC) - timedelta(hours=1))
    assert await count_account_undelivered(pool, begin, account_id, limit=1000) == 610
    assert await count_account_undelivered(pool, begin, account_id, limit=609) == 609
    async with pool.acquire() as connection, connection.transaction():
        first = await redeliver_account_part(connection, begin, account_id, limit=limit)
    left = 0 if first.next is None else await count_account_undelivered(pool, first.next, account_id, limit=1000)
    assert first.deliveries + left == 610
    assert sum(await sent_again(pool, account_id=account_id, limit=limit)) == 610
    assert [row["id"] for row in await pool.fetch("SELECT id FROM webhook_deliveries WHERE NOT manual")] == [foreign]


async def test_a_part_looks_at_few_events(pool: Pool) -> None:
    """A part reads about as many events as it sends again, however many are undelivered or of however many keys."""
    keys = [await make_key(pool) for _ in range(3)]
    await pool.execute(
        "INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body) SELECT uuidv7(), key_id,"
        " gen_random_uuid(), 'u', 'h', 'e', 'b' FROM unnest($1::bigint[]) AS key_id, generate_series(1, 4000)",
        keys,
    )
    await pool.execute("ANALYZE")
    place = redelivery_since(datetime.now(UTC) - timedelta(hours=1))
    values = f"'{place.since}', {keys[0]}, '{place.delivery_id}', NULL, 100"
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(f"SET plan_cache_mode = force_generic_plan; PREPARE part AS {queries.REDELIVER_SINCE}")
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE part({values})")
    rows = [node["Actual Rows"] * node["Actual Loops"] for node in nodes(json.loads(plan)[0]["Plan"])]
    assert max(rows) <= 400, plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each node of a plan."""
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


async def test_an_attempt_made_twice_at_once(pool: Pool, recorder: AttemptRecorder) -> None:
    """The attempt is recorded once, as delivered. Other attempts of the batch are recorded too."""
    key_id = await make_key(pool)
    one, other = [await pending_delivery(pool, await queued(pool, key_id, URL)) for _ in range(2)]
    attempts = [(other, FAILED), (one, FAILED), (one, RECEIVED), (one, FAILED)]
    await asyncio.gather(*(recorder.record(*attempt) for attempt in attempts))
    rows = await pool.fetch("SELECT status, attempts FROM webhook_deliveries ORDER BY status")
    assert [tuple(row) for row in rows] == [("delivered", 1), ("pending", 1)]
    assert await pool.fetchval("SELECT count(*) FROM webhook_attempts") == 2


@pytest.mark.parametrize("paused", [False, True])
async def test_a_success_resets_the_host(pool: Pool, recorder: AttemptRecorder, *, paused: bool) -> None:
    """After a success the host has no failures and is not paused, also if another process counted the failures."""
    delivery_id = await queued(pool, await make_key(pool), URL)
    under_way = await pending_delivery(pool, delivery_id)
    await pool.execute(
        "UPDATE webhook_hosts SET failures = 9, failing_since = now(), paused_at = CASE WHEN $1 THEN now() END", paused
    )
    assert await recorder.record(under_way, RECEIVED) == 0
    row = await pool.fetchrow("SELECT failures, failing_since, paused_at FROM webhook_hosts")
    assert tuple(row or ()) == (0, None, None)
