"""The hourly use: counted in memory, written in batches, read by hour and by day."""

from datetime import UTC, datetime, timedelta

import pytest

from linkskipper.database import Pool, open_pool
from linkskipper.errors import DatabaseUnavailable
from linkskipper.usage import (
    Outcome,
    UsageCounter,
    UsageOwner,
    UsagePeriod,
    UsageRecorder,
    prune_hourly_usage,
    read_usage,
)


def counted() -> UsageCounter:
    """Two links of a key, and one of another key and provider."""
    counter = UsageCounter()
    counter.add(1, 10, "a", Outcome.DONE, charged=3, milliseconds=250)
    counter.add(1, 10, "a", Outcome.CACHED)
    counter.add(1, 11, "b", Outcome.FAILED)
    return counter


async def test_counts_of_processes_add_up(pool: Pool) -> None:
    """What two processes counted is read by account, key and provider, and nothing is written twice."""
    for counter in (counted(), counted()):
        recorder = UsageRecorder(pool, counter)
        for _ in range(2):
            await recorder.flush()
    for owner, expected in (
        (UsageOwner(account_id=1), (2, 2, 2, 6, 500)),
        (UsageOwner(key_id=10), (2, 0, 2, 6, 500)),
        (UsageOwner(provider="b"), (0, 2, 0, 0, 0)),
        (UsageOwner(account_id=2), (0, 0, 0, 0, 0)),
    ):
        for period in UsagePeriod:
            buckets = await read_usage(pool, owner, period)
            assert len(buckets) == period.buckets
            names = ("done", "failed", "cached", "credits", "milliseconds")
            assert tuple(sum(getattr(bucket, name) for bucket in buckets) for name in names) == expected


async def test_buckets_have_edges(pool: Pool) -> None:
    """A link counts in its hour and its day in UTC. The hour before the period does not count."""
    await UsageRecorder(pool, counted()).flush()
    await pool.execute("UPDATE hourly_usage SET hour = '2026-03-01 23:00+00', failed = 0")
    counter = UsageCounter()
    counter.add(1, 11, "b", Outcome.FAILED)
    await UsageRecorder(pool, counter).flush()
    await pool.execute("UPDATE hourly_usage SET hour = '2026-03-02 00:00+00' WHERE failed = 1")
    owner = UsageOwner(account_id=1)
    now = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
    assert [bucket.total for bucket in await read_usage(pool, owner, UsagePeriod.DAY, now=now)][-3:] == [0, 2, 1]
    assert [bucket.total for bucket in await read_usage(pool, owner, UsagePeriod.WEEK, now=now)][-2:] == [2, 1]
    later = now + timedelta(hours=22)
    assert sum(bucket.total for bucket in await read_usage(pool, owner, UsagePeriod.DAY, now=later)) == 3
    assert sum(b.total for b in await read_usage(pool, owner, UsagePeriod.DAY, now=later + timedelta(hours=1))) == 1


async def test_counts_wait_for_the_database(database_url: str, pool: Pool) -> None:
    """Counts that cannot be written are written later."""
    counter = counted()
    gone = await open_pool(database_url, size=1)
    gone.terminate()
    with pytest.raises(DatabaseUnavailable):
        await UsageRecorder(gone, counter).flush()
    await UsageRecorder(pool, counter).flush()
    assert sum(bucket.total for bucket in await read_usage(pool, UsageOwner(account_id=1), UsagePeriod.DAY)) == 3


async def test_old_hours_are_deleted(pool: Pool) -> None:
    """Hours that are older than what is kept go, in batches."""
    await UsageRecorder(pool, counted()).flush()
    await pool.execute("UPDATE hourly_usage SET hour = now() - interval '91 days' WHERE owner = 'key 10'")
    async with pool.acquire() as connection:
        assert await prune_hourly_usage(connection, timedelta(days=90), batch=1) == 1
    owners = [row["owner"] for row in await pool.fetch("SELECT owner FROM hourly_usage ORDER BY owner")]
    assert owners == ["account 1", "key 11", "provider a", "provider b"]
