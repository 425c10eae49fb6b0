"""The sender of one host, with attempts of the test's own: how many at once, how long, and what ends it."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from typing import cast
from uuid import UUID, uuid4

import pytest

from linkskipper.webhooks import AttemptRecorder, AttemptResult, PendingDeliveries, PendingDelivery, WebhookClient
from linkskipper.webhooks.host_sender import HostSender

RECEIVED = AttemptResult(datetime(2026, 6, 5, tzinfo=UTC), 1.0, status=200)


class Backlog:
    """Due deliveries of a host. Each attempt takes `seconds`, after which the host has `failures`."""

    def __init__(self, count: int, *, seconds: float = 0, failures: int = 0) -> None:
        self.due = [PendingDelivery(uuid4(), 1, uuid4(), "", "", "", 0, 0, 0, ()) for _ in range(count)]
        self.seconds = seconds
        self.failures = failures
        self.sent: list[UUID] = []
        self.recorded: list[UUID] = []
        self.under_way = self.most = 0

    async def read(self, _host: str, limit: int, exclude: Collection[UUID] = ()) -> list[PendingDelivery]:
        await asyncio.sleep(0)
        return [each for each in self.due if each.id not in exclude and each.id not in self.recorded][:limit]

    async def attempt(self, delivery: PendingDelivery) -> AttemptResult:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(self.seconds)
        self.under_way -= 1
        self.sent.append(delivery.id)
        return RECEIVED

    async def record(self, delivery: PendingDelivery, _result: AttemptResult) -> int:
        await asyncio.sleep(0)
        self.recorded.append(delivery.id)
        return self.failures


def sender(backlog: Backlog, *, concurrency: int, seconds: float = 60) -> HostSender:
    return HostSender(
        "hook.example",
        cast("PendingDeliveries", backlog),
        cast("WebhookClient", backlog),
        cast("AttemptRecorder", backlog),
        concurrency=concurrency,
        seconds=seconds,
    )


async def test_every_delivery_is_sent_once() -> None:
    """A backlog much larger than one read is sent, each delivery once, with no more than `concurrency` at once."""
    backlog = Backlog(500)
    await sender(backlog, concurrency=7).run()
    assert sorted(backlog.sent) == sorted(delivery.id for delivery in backlog.due)
    assert backlog.most == 7


async def test_an_attempt_may_outlast_the_turn() -> None:
    """When the turn is over, no attempt begins, and those in progress end. The event loop is not blocked."""
    backlog = Backlog(9, seconds=0.3)
    run = asyncio.create_task(sender(backlog, concurrency=2, seconds=0.05).run())
    turns = 0
    async with asyncio.timeout(20):
        while not run.done():
            await asyncio.sleep(0.01)
            turns += 1
    await run
    assert turns > 10
    assert len(backlog.sent) == 2


async def test_a_failing_host_is_left() -> None:
    """After three consecutive failures, only the attempts under way are made."""
    backlog = Backlog(100, failures=3)
    await sender(backlog, concurrency=4).run()
    assert len(backlog.sent) < 20


async def test_a_failing_host_is_probed() -> None:
    """A probe makes four attempts, however many are due."""
    backlog = Backlog(100, failures=9)
    await sender(backlog, concurrency=20).probe(lambda: 0.0)
    assert len(backlog.sent) == 4


async def test_a_wakeup_makes_it_read_again() -> None:
    """A delivery that becomes due during an attempt is sent after `wake`, before that attempt ends."""
    backlog = Backlog(1, seconds=0.5)
    live = sender(backlog, concurrency=2)
    run = asyncio.create_task(live.run())
    async with asyncio.timeout(20):
        while not backlog.under_way:
            await asyncio.sleep(0.01)
        backlog.due += Backlog(1).due
        live.wake()
        while backlog.under_way < 2:
            await asyncio.sleep(0.01)
    await run
    assert len(backlog.sent) == 2


@pytest.mark.parametrize("yields", range(4))
async def test_cancel_ends_at_once(yields: int) -> None:
    """A cancelled sender ends without waiting for its attempts, at whatever point of their start."""
    backlog = Backlog(9, seconds=60)
    live = sender(backlog, concurrency=2)
    run = asyncio.create_task(live.run())
    for _ in range(yields):
        await asyncio.sleep(0)
    live.cancel()
    async with asyncio.timeout(20):
        await run
    assert backlog.sent == []


async def test_an_error_is_raised_at_the_end() -> None:
    """An attempt that cannot be recorded ends the run with its error."""

    class Unrecordable(Backlog):
        async def record(self, *_: object) -> int:
            raise OSError("no database")

    with pytest.raises(OSError, match="no database"):
        await sender(Unrecordable(1), concurrency=4).run()
