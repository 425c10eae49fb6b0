"""Draining one live host: what is due there goes out, so many at once, until there is no more."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from linkskipper.webhooks.model import PendingDelivery
from linkskipper.webhooks.wakeups import FAILING_AFTER

AHEAD = 5  # deliveries read at once for each that may be under way
DRAIN_SECONDS = 10  # then the host waits in the queue again, so that all have their turn
LOOK_SECONDS = 1  # how often it looks for more while attempts are under way

Find = Callable[[int, Sequence[UUID]], Awaitable[list[PendingDelivery]]]
"""Finds so many deliveries that are due, besides those."""
Attempt = Callable[[PendingDelivery], Awaitable["asyncio.Future[int]"]]
"""Makes an attempt; the future, once it is written down, tells how often in a row the host has failed."""


class HostSender:
    """Drains one host. An attempt's place is free as soon as it is answered, not only when that is recorded."""

    def __init__(self, find: Find, attempt: Attempt, *, at_once: int, seconds: float = DRAIN_SECONDS) -> None:
        self._find = find
        self._attempt = attempt
        self._at_once = at_once
        self._seconds = seconds
        self._waiting: deque[PendingDelivery] = deque()
        self._mine: set[UUID] = set()
        self._lanes: set[asyncio.Task[None]] = set()
        self._unwritten: set[asyncio.Future[int]] = set()
        self._stir = asyncio.Event()
        self._more = True
        self._over = False
        self._error: BaseException | None = None

    async def run(self) -> None:
        """Go until nothing is due, the time is up or the host turns out to be failing.

        Raises what an attempt or its writing down raised, once all others are through.
        """
        time_up = asyncio.get_running_loop().call_later(self._seconds, self.end)
        try:
            await self._run()
        finally:
            time_up.cancel()
        if self._error is not None:
            raise self._error

    async def _run(self) -> None:
        while True:
            await self._look()
            self._fill_lanes()
            if not self._lanes and not self._unwritten:
                return
            await self._be_stirred()

    def more(self) -> None:
        """Say that more may be due."""
        self._more = True
        self._stir.set()

    def end(self) -> None:
        """Begin no more attempts."""
        self._over = True
        self._waiting.clear()
        self._stir.set()

    def break_off(self) -> None:
        """End, and leave the attempts that are under way unfinished."""
        self.end()
        for lane in self._lanes:
            lane.cancel()

    async def _look(self) -> None:
        """Read on before the lanes run dry."""
        if self._over or not self._more or len(self._waiting) >= self._at_once:
            return
        self._more = False
        most = AHEAD * self._at_once
        self._take(await self._find(most, list(self._mine)), most)

    def _take(self, found: list[PendingDelivery], most: int) -> None:
        if not self._over:  # which may have come about meanwhile
            self._mine.update(due.id for due in found)
            self._waiting.extend(found)
            self._more = self._more or len(found) == most

    def _fill_lanes(self) -> None:
        for _ in range(min(self._at_once - len(self._lanes), len(self._waiting))):
            lane = asyncio.create_task(self._lane())
            self._lanes.add(lane)
            lane.add_done_callback(self._lane_ended)

    async def _lane(self) -> None:
        while self._waiting:
            due = self._waiting.popleft()
            if self._more and len(self._waiting) < self._at_once:
                self._stir.set()
            written = await self._attempt(due)
            self._unwritten.add(written)
            written.add_done_callback(self._written)
            written.add_done_callback(lambda _, due=due: self._mine.discard(due.id))  # type: ignore[misc]
            if len(self._unwritten) > AHEAD * self._at_once:
                await asyncio.wait([written])

    def _lane_ended(self, lane: asyncio.Task[None]) -> None:
        self._lanes.discard(lane)
        self._stir.set()
        if not lane.cancelled() and (error := lane.exception()):
            self._fail(error)

    def _written(self, written: "asyncio.Future[int]") -> None:
        self._unwritten.discard(written)
        if not self._unwritten:
            self._stir.set()
        if error := written.exception():
            self._fail(error)
        elif written.result() >= FAILING_AFTER:
            self.end()

    def _fail(self, error: BaseException) -> None:
        self._error = error
        self.end()

    async def _be_stirred(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._stir.wait()
        except TimeoutError:
            self._more = True
        self._stir.clear()
