"""Draining a host, with attempts made up: how many at once, how long, and what ends it."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from linkskipper.webhooks.host_sender import HostSender
from linkskipper.webhooks.model import PendingDelivery


class Backlog:
    """Deliveries that are due, and what became of them."""

    def __init__(self, count: int, *, seconds: float = 0, failures: int = 0) -> None:
        self.due = [PendingDelivery(uuid4(), 1, "", "", "", 0, 0, 0, ()) for _ in range(count)]
        self.seconds = seconds
        self.failures = failures
        self.sent: list[UUID] = []
        self.under_way = self.most = 0

    async def find(self, most: int, besides: Sequence[UUID]) -> list[PendingDelivery]:
        await asyncio.sleep(0)
        return [due for due in self.due if due.id not in besides and due.id not in self.sent][:most]

    async def attempt(self, due: PendingDelivery) -> "asyncio.Future[int]":
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(self.seconds)
        self.under_way -= 1
        self.sent.append(due.id)
        written = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(written.set_result, self.failures)
        return written


async def test_everything_goes_once() -> None:
    """A backlog many times what is read at once goes out, each delivery once, so many at once and no more."""
    backlog = Backlog(500)
    await HostSender(backlog.find, backlog.attempt, at_once=7).run()
    assert sorted(backlog.sent) == sorted(due.id for due in backlog.due)
    assert backlog.most == 7


async def test_an_attempt_that_outlasts_the_time_is_waited_for() -> None:
    """When the time is up nothing more begins; what is under way ends, and the loop is free meanwhile."""
    backlog = Backlog(9, seconds=0.3)
    drain = asyncio.create_task(HostSender(backlog.find, backlog.attempt, at_once=2, seconds=0.05).run())
    turns = 0
    async with asyncio.timeout(5):
        while not drain.done():
            await asyncio.sleep(0.01)
            turns += 1
    await drain
    assert turns > 10
    assert len(backlog.sent) == 2


async def test_a_host_that_turns_out_to_be_failing_is_left() -> None:
    """No more than what is under way is tried at a host that has failed three times in a row."""
    backlog = Backlog(100, failures=3)
    await HostSender(backlog.find, backlog.attempt, at_once=4).run()
    assert len(backlog.sent) < 20


async def test_an_error_is_raised_when_the_others_are_through() -> None:
    """An attempt that cannot be written down ends the draining, with its error."""
    backlog = Backlog(1)

    async def attempt(due: PendingDelivery) -> "asyncio.Future[int]":
        written = await backlog.attempt(due)
        written.cancel()
        failed = asyncio.get_running_loop().create_future()
        failed.set_exception(OSError("no database"))
        return failed

    with pytest.raises(OSError, match="no database"):
        await HostSender(backlog.find, attempt, at_once=4).run()
