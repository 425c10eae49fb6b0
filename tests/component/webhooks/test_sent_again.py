"""Deliveries sent again by hand, and what else goes on with them meanwhile."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from linkskipper.database import Pool
from linkskipper.webhooks import AttemptRecorder, Schedule, redeliver, redeliver_since
from linkskipper.webhooks.model import Outcome, PendingDelivery
from support.deliveries import new_key, queued

URL = "https://hook.example/"
WAITS = (timedelta(), timedelta(hours=1), timedelta(hours=1))
FAILED = Outcome(datetime(2026, 6, 5, tzinfo=UTC), 1.0, status=500, error="answered 500")
GONE = Outcome(datetime(2026, 6, 5, tzinfo=UTC), 1.0, status=410, error="answered 410", gone=True)
RECEIVED = Outcome(datetime(2026, 6, 5, tzinfo=UTC), 1.0, status=200)


def record_of(pool: Pool) -> AttemptRecorder:
    return AttemptRecorder(pool, Schedule(WAITS, lambda: 0.5), pause_after=timedelta(days=5))


async def due(pool: Pool, delivery: UUID) -> PendingDelivery:
    """The delivery, as a worker reads it that begins an attempt."""
    row = await pool.fetchrow(
        "SELECT id, key_id, url, host, body, attempts, step, by_hand FROM webhook_deliveries WHERE id = $1", delivery
    )
    assert row is not None
    return PendingDelivery(**row, failures=0, secrets=())


@pytest.mark.parametrize("outcome", [FAILED, GONE], ids=["fails", "is refused for good"])
@pytest.mark.parametrize("attempts", [0, 1, 2])
async def test_amid_an_attempt_that_comes_to_nothing(pool: Pool, outcome: Outcome, attempts: int) -> None:
    """The attempt that was under way counts; the one that was asked for by hand is due all the same, at once."""
    record, delivery = record_of(pool), await queued(pool, await new_key(pool), URL)
    for _ in range(attempts):
        await record.note(await due(pool, delivery), FAILED)
    begun = await due(pool, delivery)
    assert await redeliver(pool, delivery)
    await record.note(begun, outcome)
    statement = "SELECT *, next_attempt_at <= now() AS due FROM webhook_deliveries WHERE id = $1"
    row = await pool.fetchrow(statement, delivery)
    assert row is not None
    assert (row["status"], row["attempts"], row["step"]) == ("pending", attempts + 1, 0)
    assert (row["by_hand"], row["due"], row["ended_at"]) == (True, True, None)
    assert await pool.fetchval("SELECT count(*) FROM webhook_attempts") == attempts + 1


async def test_amid_an_attempt_that_succeeds(pool: Pool) -> None:
    """What arrived after all is not sent once more."""
    record, delivery = record_of(pool), await queued(pool, await new_key(pool), URL)
    begun = await due(pool, delivery)
    assert await redeliver(pool, delivery)
    await record.note(begun, RECEIVED)
    row = await pool.fetchrow("SELECT status, by_hand FROM webhook_deliveries WHERE id = $1", delivery)
    assert tuple(row or ()) == ("delivered", False)


async def test_the_attempt_asked_for_by_hand_is_one(pool: Pool) -> None:
    """When it fails the delivery goes on by the schedule, which it has begun anew."""
    record, delivery = record_of(pool), await queued(pool, await new_key(pool), URL)
    await record.note(await due(pool, delivery), GONE)
    assert await redeliver(pool, delivery)
    await record.note(await due(pool, delivery), FAILED)
    row = await pool.fetchrow("SELECT status, step, by_hand FROM webhook_deliveries WHERE id = $1", delivery)
    assert tuple(row or ()) == ("pending", 1, False)


async def test_many_are_sent_again_by_batches(pool: Pool) -> None:
    """All that is not delivered since then is due again, a transaction for each batch, and each wakes its hosts."""
    early, late = [f"https://{name}.example/" for name in ("early", "late")]
    key_id = await new_key(pool)
    await queued(pool, key_id, early)
    await pool.execute("UPDATE webhook_deliveries SET status = 'delivered', next_attempt_at = NULL, ended_at = now()")
    for number in range(24):
        await queued(pool, key_id, early if number < 12 else late)
    await pool.execute("DELETE FROM pgqueuer")
    await pool.execute("UPDATE webhook_deliveries SET step = 3")
    since = datetime.now(UTC) - timedelta(hours=1)
    assert await redeliver_since(pool, since, key_id=key_id + 1) == 0
    assert await redeliver_since(pool, since, batch=8) == 24
    statement = "SELECT xmin::text FROM webhook_deliveries WHERE by_hand AND step = 0"
    rows = await pool.fetch(statement)
    assert sorted(Counter(row["xmin"] for row in rows).values()) == [8, 8, 8]
    woken = await pool.fetch("SELECT DISTINCT convert_from(payload, 'UTF8') AS host FROM pgqueuer")
    assert {row["host"] for row in woken} == {"early.example", "late.example"}


async def test_an_attempt_made_twice_at_once(pool: Pool) -> None:
    """It is recorded once, as the one that arrived, and takes nobody else's record with it."""
    record, key_id = record_of(pool), await new_key(pool)
    deliveries = [await queued(pool, key_id, URL) for _ in range(2)]
    one, other = [await due(pool, each) for each in deliveries]
    noted = [(other, FAILED), (one, FAILED), (one, RECEIVED), (one, FAILED)]
    await asyncio.gather(*(record.note(*each) for each in noted))
    rows = await pool.fetch("SELECT status, attempts FROM webhook_deliveries ORDER BY status")
    assert [tuple(row) for row in rows] == [("delivered", 1), ("pending", 1)]
    assert await pool.fetchval("SELECT count(*) FROM webhook_attempts") == 2
