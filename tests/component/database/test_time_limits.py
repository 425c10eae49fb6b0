"""The time in which a request is answered."""

import asyncio

import pytest

from linkskipper.database import Pool, TimeLimit, TimeLimits, open_pool
from linkskipper.errors import DatabaseUnavailable

SHORT = 0.3
IN_TIME = 30  # for a busy machine. Without the limit, each wait would take twice that


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> TimeLimits:
    """Time limits of a process whose requests have little time."""
    monkeypatch.setattr("linkskipper.database.time_limits.ANSWER_SECONDS", SHORT)
    monkeypatch.setattr("linkskipper.database.time_limits.AFTER_WAIT_SECONDS", SHORT)
    return TimeLimits()


async def test_a_request_ends_in_time(limits: TimeLimits, database_url: str) -> None:
    """A request that is over its time ends, whatever it waits for, and its connection does not go back to the pool."""
    pool = await open_pool(database_url, size=1, statement_seconds=2 * IN_TIME)

    async def in_transaction() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_sleep(60)")

    async def clean_up() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await pool.execute("SELECT pg_sleep(60)")

    waits = (lambda: asyncio.sleep(60), lambda: pool.execute("SELECT pg_sleep(60)"), in_transaction, clean_up)
    for wait in waits:
        async with asyncio.timeout(IN_TIME):
            with pytest.raises(DatabaseUnavailable, match="in time"), TimeLimit(limits):
                await wait()
            assert await pool.fetchval("SELECT 1") == 1
        assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]
    pool.terminate()


async def test_time_that_does_not_count(limits: TimeLimits) -> None:
    """The time in which a client sends its body, or waits as it asked for, does not count."""
    with (one := TimeLimit(limits)):
        one.paused = True
        await asyncio.sleep(4 * SHORT)
        one.paused = False
    with (other := TimeLimit(limits)):
        other.paused = True
        await asyncio.sleep(4 * SHORT)
        other.end_wait()
    assert (one.cancellations, other.cancellations) == (0, 0)


async def test_time_counts_again_after_a_pause(limits: TimeLimits) -> None:
    """A request that is paused has a limit again afterwards."""

    async def work() -> None:
        with (one := TimeLimit(limits)):
            one.paused = True
            await asyncio.sleep(0)
            one.paused = False
            await asyncio.sleep(60)

    async with asyncio.timeout(IN_TIME):
        with pytest.raises(DatabaseUnavailable):
            await work()


@pytest.mark.parametrize(
    ("used", "wait", "rest", "left"),
    [(0, 60, 60, 4), (1, 60, 60, 4), (3, 60, 58, 4), (5, 60, 56, 4), (8, 60, 53, 1), (8, 2, -5, 1)],
)
def test_waits(used: float, wait: float, rest: float, left: float) -> None:
    """A response comes within 10 seconds, or within the wait and 6 seconds, whatever was used before the wait."""
    limit = TimeLimit(TimeLimits(), used=used)
    assert limit.rest_of(wait) == rest
    limit.end_wait()
    assert not limit.is_over(left)
    assert limit.is_over(0.25)
    assert used + max(0, rest) + left + 0.25 <= max(10, wait + 6)


async def test_other_ends(limits: TimeLimits, pool: Pool) -> None:
    """Results, errors and a cancellation by others stay what they are. The next requests have their limits."""

    async def work(error: Exception | None) -> str:
        with TimeLimit(limits):
            if error is not None:
                raise error
            return str(await pool.fetchval("SELECT 'done'"))

    assert await work(None) == "done"
    with pytest.raises(KeyError):
        await work(KeyError("x"))
    task = asyncio.create_task(_wait(limits))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(IN_TIME):
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                await _wait(limits)


async def _wait(limits: TimeLimits) -> None:
    with TimeLimit(limits):
        await asyncio.Event().wait()
