"""A courier's round: what is due at one live host goes out, so many at once, until there is no more."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from linkskipper.webhooks.bells import FAILING_AFTER
from linkskipper.webhooks.model import Due

AHEAD = 5  # deliveries read at once for each that may be under way
ROUND_SECONDS = 10  # then the host waits in the queue again, so that all have their turn
LOOK_SECONDS = 1  # how often a round looks for more while attempts are under way

Find = Callable[[int, Sequence[UUID]], Awaitable[list[Due]]]
"""Finds so many deliveries that are due, besides those."""
Begin = Callable[[Due], "asyncio.Task[int]"]
"""Begins an attempt, which gives how often in a row the host has failed after it."""


class Round:
    """One round; `more` may be set from outside to say that more has come."""

    def __init__(self, find: Find, begin: Begin, *, at_once: int) -> None:
        self.more = asyncio.Event()
        self._find = find
        self._begin = begin
        self._at_once = at_once
        self._waiting: deque[Due] = deque()
        self._under_way: dict[asyncio.Task[int], UUID] = {}
        self._over = False

    async def run(self) -> None:
        """Go until nothing is due, the time is up or the host turns out to be failing."""
        self.more.set()
        until = asyncio.get_running_loop().time() + ROUND_SECONDS
        while True:
            if asyncio.get_running_loop().time() > until:
                self.end()
            await self._look()
            self._begin_some()
            if not self._under_way:
                return
            await self._await_some()

    def end(self) -> None:
        """Begin no more attempts."""
        self._over = True
        self._waiting.clear()
        self.more.set()

    @property
    def _room(self) -> bool:
        return not self._over and len(self._under_way) < self._at_once

    async def _look(self) -> None:
        if self._waiting or not self._room or not self.more.is_set():
            return
        self.more.clear()
        most = AHEAD * self._at_once
        found = await self._find(most, list(self._under_way.values()))
        self._waiting.extend(found)
        if len(found) == most:
            self.more.set()

    def _begin_some(self) -> None:
        while self._waiting and self._room:
            due = self._waiting.popleft()
            self._under_way[self._begin(due)] = due.id

    async def _await_some(self) -> None:
        """Wait until an attempt ends, more has come, or it is time to look."""
        call = [asyncio.create_task(self.more.wait())] if self._room and not self._waiting else []
        ended, _ = await asyncio.wait(
            [*self._under_way, *call], timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        for each in call:
            each.cancel()
        if not ended:
            self.more.set()
        for attempt in self._under_way.keys() & ended:
            del self._under_way[attempt]
            if attempt.cancelled() or attempt.result() >= FAILING_AFTER:
                self.end()
