"""Recorded outcomes: concurrent writes, stats, pruning."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from linkskipper.database import Pool
from linkskipper.provider_health import (
    OutcomeRecorder,
    ProviderStats,
    ProviderStatsCache,
    latency,
    prune_circuits,
    read_conditions,
)
from linkskipper.resolver import Reason
from support.outcomes import CATALOG, ended, fail

BROKEN = "https://broken.lab.test/x"


@pytest.fixture
def recorder(pool: Pool) -> OutcomeRecorder:
    """The recorder of one process."""
    return OutcomeRecorder(pool, CATALOG)


async def circuits(pool: Pool) -> dict[str, asyncpg.Record]:
    return {row["host"]: row for row in await pool.fetch("SELECT * FROM circuits")}


async def test_only_hosts_that_fail_have_a_row(pool: Pool, recorder: OutcomeRecorder) -> None:
    """A success creates no row and deletes the row of earlier failures, also within one flush."""
    recorder.record(1, ended("https://bulk.lab.test/x", provider="lab-bulk"), 0.1)
    fail(recorder, 1, 1)
    await recorder.flush()
    assert [(host, row["consecutive_failures"]) for host, row in (await circuits(pool)).items()] == [
        ("broken.lab.test", [1, 1])
    ]
    fail(recorder, 1, 1, 1)
    recorder.record(2, ended(BROKEN), 0.1)
    fail(recorder, 3)
    await recorder.flush()
    assert (await circuits(pool))["broken.lab.test"]["consecutive_failures"] == [3]
    recorder.record(2, ended(BROKEN), 0.1)
    await recorder.flush()
    assert await circuits(pool) == {}


async def test_processes_add_up(pool: Pool) -> None:
    """Failures that four processes write at once are all counted, without a deadlock."""
    recorders = [OutcomeRecorder(pool, CATALOG) for _ in range(4)]
    hosts = [f"host-{number}.lab.test" for number in range(20)]
    for account, recorder in enumerate(recorders):
        for host in hosts if account % 2 else reversed(hosts):
            fail(recorder, account, host=host)
    await asyncio.gather(*(recorder.flush() for recorder in recorders))
    rows = await circuits(pool)
    assert {host: sorted(row["consecutive_failures"]) for host, row in rows.items()} == {
        host: [0, 1, 2, 3] for host in hosts
    }
    assert not any(row["open_until"] for row in rows.values())
    fail(recorders[0], 9, host=hosts[0])
    await recorders[0].flush()
    assert (await circuits(pool))[hosts[0]]["open_until"] is not None


async def test_changed_is_set_when_circuits_change(recorder: OutcomeRecorder) -> None:
    """`changed` is set when a circuit exists, and stays clear after successes of closed circuits."""
    recorder.record(1, ended(BROKEN), 0.1)
    await recorder.flush()
    assert not recorder.changed.is_set()
    fail(recorder, 1)
    await recorder.flush()
    assert recorder.changed.is_set()


async def test_unavailable_database(pool: Pool, recorder: OutcomeRecorder) -> None:
    """Outcomes are dropped while the database is unavailable. The process continues."""
    fail(recorder, 1)
    pool.terminate()
    await recorder.flush()


async def test_stats_cover_the_last_hundred_links(pool: Pool, recorder: OutcomeRecorder) -> None:
    """Only the last hundred links count. Failed links have no latency, invalid links do not count."""
    for number in range(100):
        recorder.record(1, ended(BROKEN), 50 + number)
    await recorder.flush()
    for number in range(100):
        failed = number % 2 == 0
        recorder.record(1, ended(BROKEN, reason=Reason.CAPTCHA_REQUIRED if failed else None), number / 10)
        recorder.record(1, ended(BROKEN, reason=Reason.NOT_A_LINK), 99)
        if number % 30 == 0:
            await recorder.flush()
    await recorder.flush()
    stats = (await read_conditions(pool))["lab-broken"].stats
    assert (stats.links, stats.successes, stats.failing) == (100, 50, True)
    assert stats.median == pytest.approx(5)
    assert stats.p90 == pytest.approx(8.92, abs=0.01)


async def test_stats_are_cached(pool: Pool, recorder: OutcomeRecorder) -> None:
    """The stats are read from the database at most every five seconds."""
    now = 0.0
    cache = ProviderStatsCache(pool, clock=lambda: now)
    assert await cache.read() == {}
    recorder.record(1, ended(BROKEN), 1)
    await recorder.flush()
    now = 4.9
    assert await cache.read() == {}
    now = 5
    assert (await cache.read())["lab-broken"].successes == 1


@pytest.mark.parametrize(
    ("written", "done", "median", "p90", "shown"),
    [
        ("1-2s", 19, 0.2, 0.5, "1-2s"),
        ("1-2s", 20, 0.21, 0.48, "0.2-0.5s"),
        ("1-2s", 20, 1.0, 2.04, "1-2s"),
        ("15-25s, best-effort", 20, 14.6, 25.2, "15-25s, best-effort"),
        ("1-2s", 20, 9.6, 10.2, "9.6-10s"),
        ("1-2s", 20, 0.001, 0.002, "0.1s"),
        ("1-2s", 20, 0.3, 12, "0.3-12s"),
    ],
)
def test_latency_text(written: str, done: int, median: float, p90: float, shown: str) -> None:
    """The text is the file's until twenty links succeeded, then median to 90th percentile with the file's remark."""
    provider = CATALOG.find("lab-bulk")
    assert provider is not None
    provider = provider.model_copy(update={"latency": written})
    assert latency(provider, ProviderStats(done, done, median, p90)) == shown


async def test_idle_circuits_are_pruned(pool: Pool, recorder: OutcomeRecorder) -> None:
    """A circuit without a new failure for an hour is deleted, unless it is open."""
    fail(recorder, 1)
    fail(recorder, *[1] * 5, host="open.lab.test")
    fail(recorder, 1, host="fresh.lab.test")
    await recorder.flush()
    await pool.execute("UPDATE circuits SET changed_at = now() - interval '2 hours' WHERE host <> 'fresh.lab.test'")
    async with pool.acquire() as connection:
        assert await prune_circuits(connection, timedelta(hours=1)) == 1
    assert sorted(await circuits(pool)) == ["fresh.lab.test", "open.lab.test"]
