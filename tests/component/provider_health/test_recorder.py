"""Outcomes in the database: written by several processes at once, measured, pruned."""

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
    """What one process notes with."""
    return OutcomeRecorder(pool, CATALOG)


async def circuits(pool: Pool) -> dict[str, asyncpg.Record]:
    return {row["host"]: row for row in await pool.fetch("SELECT * FROM circuits")}


async def test_only_hosts_that_fail_have_a_row(pool: Pool, recorder: OutcomeRecorder) -> None:
    """Successes leave nothing behind, and clear what failures left, also in one batch with them."""
    recorder.note(1, ended("https://bulk.lab.test/x", provider="lab-bulk"), 0.1)
    fail(recorder, 1, 1)
    await recorder.flush()
    assert [(host, row["streak"]) for host, row in (await circuits(pool)).items()] == [("broken.lab.test", [1, 1])]
    fail(recorder, 1, 1, 1)
    recorder.note(2, ended(BROKEN), 0.1)
    fail(recorder, 3)
    await recorder.flush()
    assert (await circuits(pool))["broken.lab.test"]["streak"] == [3]
    recorder.note(2, ended(BROKEN), 0.1)
    await recorder.flush()
    assert await circuits(pool) == {}


async def test_processes_add_up(pool: Pool) -> None:
    """Failures that four processes write at the same time are all in the streak, and none waits in a circle."""
    recorders = [OutcomeRecorder(pool, CATALOG) for _ in range(4)]
    hosts = [f"host-{number}.lab.test" for number in range(20)]
    for account, recorder in enumerate(recorders):
        for host in hosts if account % 2 else reversed(hosts):
            fail(recorder, account, host=host)
    await asyncio.gather(*(recorder.flush() for recorder in recorders))
    rows = await circuits(pool)
    assert {host: sorted(row["streak"]) for host, row in rows.items()} == {host: [0, 1, 2, 3] for host in hosts}
    assert not any(row["open_until"] for row in rows.values())
    fail(recorders[0], 9, host=hosts[0])
    await recorders[0].flush()
    assert (await circuits(pool))[hosts[0]]["open_until"] is not None


async def test_says_when_circuits_moved(recorder: OutcomeRecorder) -> None:
    """The gate of the same process is woken by what may concern it, and by nothing else."""
    recorder.note(1, ended(BROKEN), 0.1)
    await recorder.flush()
    assert not recorder.changed.is_set()
    fail(recorder, 1)
    await recorder.flush()
    assert recorder.changed.is_set()


async def test_database_away(pool: Pool, recorder: OutcomeRecorder) -> None:
    """Without a database, outcomes are given up; the process goes on."""
    fail(recorder, 1)
    pool.terminate()
    await recorder.flush()


async def test_figures_of_the_last_hundred(pool: Pool, recorder: OutcomeRecorder) -> None:
    """Only the last hundred links count; those that failed have no time, and those of bad links do not count."""
    for number in range(100):
        recorder.note(1, ended(BROKEN), 50 + number)
    await recorder.flush()
    for number in range(100):
        failed = number % 2 == 0
        recorder.note(1, ended(BROKEN, reason=Reason.CAPTCHA_REQUIRED if failed else None), number / 10)
        recorder.note(1, ended(BROKEN, reason=Reason.NOT_A_LINK), 99)
        if number % 30 == 0:
            await recorder.flush()
    await recorder.flush()
    figures = (await read_conditions(pool))["lab-broken"].figures
    assert (figures.ended, figures.done, figures.failing) == (100, 50, True)
    assert figures.median == pytest.approx(5)
    assert figures.p90 == pytest.approx(8.92, abs=0.01)


async def test_figures_are_remembered_for_a_while(pool: Pool, recorder: OutcomeRecorder) -> None:
    """However often the catalogue is asked for, the figures are read every five seconds."""
    now = 0.0
    measured = ProviderStatsCache(pool, clock=lambda: now)
    assert await measured.figures() == {}
    recorder.note(1, ended(BROKEN), 1)
    await recorder.flush()
    now = 4.9
    assert await measured.figures() == {}
    now = 5
    assert (await measured.figures())["lab-broken"].done == 1


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
def test_latency_as_people_write_it(written: str, done: int, median: float, p90: float, shown: str) -> None:
    """The file's text until twenty links were measured, then median to 90th percentile, with the file's remark."""
    provider = CATALOG.find("lab-bulk")
    assert provider is not None
    provider = provider.model_copy(update={"latency": written})
    assert latency(provider, ProviderStats(done, done, median, p90)) == shown


async def test_idle_streaks_are_forgotten(pool: Pool, recorder: OutcomeRecorder) -> None:
    """A streak to which nothing was added for an hour goes, unless its circuit is open still."""
    fail(recorder, 1)
    fail(recorder, *[1] * 5, host="open.lab.test")
    fail(recorder, 1, host="fresh.lab.test")
    await recorder.flush()
    await pool.execute("UPDATE circuits SET changed_at = now() - interval '2 hours' WHERE host <> 'fresh.lab.test'")
    async with pool.acquire() as connection:
        assert await prune_circuits(connection, timedelta(hours=1)) == 1
    assert sorted(await circuits(pool)) == ["fresh.lab.test", "open.lab.test"]
