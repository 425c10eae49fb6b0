"""Periodic work: at once, again and again, sooner when woken, and whatever a turn raises."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from structlog.testing import capture_logs

from linkskipper.errors import DatabaseUnavailable
from linkskipper.periodic import Periodic


def turns(*outcomes: Exception | None) -> tuple[Callable[[], Awaitable[None]], asyncio.Event]:
    """Return work that raises these outcomes in turn, and the event that is set once all have been."""
    left: Iterator[Exception | None] = iter(outcomes)
    done = asyncio.Event()
    total = len(outcomes)
    count = 0

    async def work() -> None:
        nonlocal count
        count += 1
        if count == total:
            done.set()
        if (outcome := next(left, None)) is not None:
            raise outcome

    return work, done


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_it_begins_at_once_and_repeats() -> None:
    """The first turn waits for nothing, others follow."""
    work, done = turns(None, None, None)
    task = Periodic("test", work, every=0.001).start()
    await done.wait()
    await stop(task)


async def test_a_failed_turn_ends_nothing() -> None:
    """An outage of the database is a warning, anything else an error with its traceback; both go on."""
    work, done = turns(DatabaseUnavailable("gone"), ValueError("bug"), None)
    with capture_logs() as logs:
        task = Periodic("test", work, every=0.001).start()
        await done.wait()
        await stop(task)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("periodic.postponed", "warning"),
        ("periodic.failed", "error"),
    ]


async def test_it_is_woken() -> None:
    """A long rest ends as soon as it is woken, and only once for each time."""
    wake = asyncio.Event()
    work, done = turns(None, None)
    task = Periodic("test", work, every=3600, wake=wake).start()
    wake.set()
    await done.wait()
    await stop(task)
