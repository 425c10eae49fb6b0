"""Couriers: each delivers what is due at one host, so that no host has more under way than one courier carries."""

import asyncio
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from linkskipper.storage.patience import until_back
from linkskipper.storage.queue import Taken
from linkskipper.webhooks.attempt import Sender
from linkskipper.webhooks.bells import FAILING, FAILING_AFTER
from linkskipper.webhooks.desk import Desk, Visit
from linkskipper.webhooks.model import Due
from linkskipper.webhooks.record import Record
from linkskipper.webhooks.round import Round

FAILING_ATTEMPTS = 4  # in one visit to a failing host
FAILING_VISIT_SECONDS = 1  # at least, so that ten thousand failing hosts do not keep a worker busy


class Couriers:
    """The couriers of one process; the queue says where one is wanted."""

    def __init__(self, desk: Desk, sender: Sender, record: Record, *, per_host: int) -> None:
        self._desk = desk
        self._sender = sender
        self._record = record
        self._per_host = per_host
        self._rounds: dict[str, Round] = {}
        self._attempts: set[asyncio.Task[int]] = set()
        self._stopping = asyncio.Event()
        self._abandoned = asyncio.Event()

    async def visit(self, taken: Taken) -> bool:
        """Deliver what is due at the host that the entry names; False where the entry was handed back."""
        visit = Visit(taken.payload.decode(), taken.id)
        failures = await until_back(lambda: self._desk.claim(visit), abandoned=self._abandoned)
        if failures is None:
            if visit.host in self._rounds:
                self._rounds[visit.host].more.set()
            return True
        if failures < FAILING_AFTER:
            await self._deliver(visit.host)
        elif taken.queue == FAILING:
            await self._try(visit.host)
        if self._stopping.is_set():
            return False
        await until_back(lambda: self._desk.leave(visit), abandoned=self._abandoned)
        return True

    def stop(self) -> None:
        """Begin no more attempts."""
        self._stopping.set()
        for each in self._rounds.values():
            each.end()

    def abandon(self) -> None:
        """Break off the attempts that are under way: others make them again, with the same ids."""
        self.stop()
        self._abandoned.set()
        for attempt in self._attempts:
            attempt.cancel()

    async def _deliver(self, host: str) -> None:
        self._rounds[host] = Round(partial(self._due, host), self._begin, at_once=self._per_host)
        try:
            await self._rounds[host].run()
        finally:
            del self._rounds[host]

    async def _try(self, host: str) -> None:
        """Make a few attempts at a host that has been failing, and take some time over it."""
        enough = asyncio.get_running_loop().time() + FAILING_VISIT_SECONDS
        attempts = [self._begin(due) for due in await self._due(host, FAILING_ATTEMPTS)]
        if attempts:
            await asyncio.wait(attempts)
        try:
            async with asyncio.timeout_at(enough):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _due(self, host: str, most: int, besides: Sequence[UUID] = ()) -> list[Due]:
        if self._stopping.is_set():
            return []
        return await until_back(lambda: self._desk.due(host, most, besides), abandoned=self._abandoned)

    def _begin(self, due: Due) -> asyncio.Task[int]:
        attempt = asyncio.create_task(self._attempt(due))
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)
        return attempt

    async def _attempt(self, due: Due) -> int:
        outcome = await self._sender.attempt(due)
        return await until_back(lambda: self._record.note(due, outcome), abandoned=self._abandoned)
