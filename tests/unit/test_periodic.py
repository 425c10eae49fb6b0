"""Periodic work: it begins at once, repeats, can be woken earlier, and survives errors."""

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


async def test_it_can_begin_later() -> None:
    """The first turn waits as long as it is told to."""
    work, done = turns(None)
    task = Periodic("test", work, every=60, first=60).start()
    await asyncio.sleep(0.05)
    assert not done.is_set()
    await stop(task)
    task = Periodic("test", work, every=60, first=0.01).start()
    async with asyncio.timeout(30):
        await done.wait()
    await stop(task)


async def test_it_begins_at_once_and_repeats() -> None:
    """The first turn does not wait. Others follow."""
    work, done = turns(None, None, None)
    task = Periodic("test", work, every=0.001).start()
    await done.wait()
    await stop(task)


async def test_a_failed_turn_ends_nothing() -> None:
    """A database outage is a warning. Another error is an error with its traceback. The work continues after both."""
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
    """To wake the work ends its pause at once, and only one pause for each time."""
    wake = asyncio.Event()
    work, done = turns(None, None)
    task = Periodic("test", work, every=3600, wake=wake).start()
    wake.set()
    await done.wait()
    await stop(task)
