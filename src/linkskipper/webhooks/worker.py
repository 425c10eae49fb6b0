"""What a worker does with a wakeup: it takes the host's lease, delivers what is due there, and gives the lease back."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from linkskipper.database.retry import until_available
from linkskipper.queue.pgqueuer import QueueItem
from linkskipper.webhooks.attempts import AttemptRecorder
from linkskipper.webhooks.client import WebhookClient
from linkskipper.webhooks.host_sender import HostSender
from linkskipper.webhooks.hosts import Hosts, Lease
from linkskipper.webhooks.model import PendingDelivery
from linkskipper.webhooks.wakeups import FAILING, FAILING_AFTER

FAILING_ATTEMPTS = 4  # for each wakeup of a failing host
FAILING_GAP_SECONDS = 0.5  # between them, on average, so that ten thousand failing hosts do not keep a worker busy


class DeliveryWorker:
    """Delivers to many hosts at once, each by itself; the queue says to which."""

    def __init__(
        self,
        hosts: Hosts,
        sender: WebhookClient,
        record: AttemptRecorder,
        *,
        per_host: int,
        chance: Callable[[], float],
    ) -> None:
        self._hosts = hosts
        self._sender = sender
        self._record = record
        self._per_host = per_host
        self._chance = chance
        self._drains: dict[str, HostSender] = {}
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._tries: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._abandoned = asyncio.Event()

    async def dispatch(self, taken: QueueItem) -> bool:
        """Deliver what is due at the host that the entry names; False where the entry was handed back."""
        lease = Lease(taken.payload.decode(), taken.id)
        failures = await until_available(lambda: self._hosts.lease(lease), abandoned=self._abandoned)
        if failures is None:
            if lease.host in self._drains:
                self._drains[lease.host].more()
            return True
        if failures < FAILING_AFTER:
            await self._deliver(lease.host)
        elif taken.queue == FAILING:
            await self._try(lease.host)
        if self._stopping.is_set():
            return False
        await until_available(lambda: self._hosts.release(lease), abandoned=self._abandoned)
        self._record.forget(lease.host)
        return True

    def stop(self) -> None:
        """Begin no more attempts."""
        self._stopping.set()
        for each in self._drains.values():
            each.end()

    def abandon(self) -> None:
        """Break off the attempts that are under way: others make them again, with the same ids."""
        self.stop()
        self._abandoned.set()
        self._record.abandon()
        for each in self._drains.values():
            each.break_off()
        for attempt in self._tries:
            attempt.cancel()

    async def _deliver(self, host: str) -> None:
        """Drain the host; where that is under way (its entry was taken a second time), await it."""
        if host in self._drains:
            self._drains[host].more()
        else:
            self._drains[host] = HostSender(partial(self._due, host), self._attempt, at_once=self._per_host)
            self._runs[host] = asyncio.create_task(self._drains[host].run())
            self._runs[host].add_done_callback(partial(self._drained, host))
        await asyncio.shield(self._runs[host])

    def _drained(self, host: str, _: asyncio.Task[None]) -> None:
        del self._drains[host], self._runs[host]

    async def _try(self, host: str) -> None:
        """Make a few attempts at a host that has been failing, one by one and not at the same moment as others do."""
        tries = []
        for due in await self._due(host, FAILING_ATTEMPTS):
            if await self._stops_within(2 * self._chance() * FAILING_GAP_SECONDS):
                break
            tries.append(asyncio.create_task(self._attempt_and_write(due)))
            self._tries.add(tries[-1])
        results = await asyncio.gather(*tries, return_exceptions=True)
        self._tries.difference_update(tries)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _stops_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        except TimeoutError:
            return False

    async def _due(self, host: str, most: int, besides: Sequence[UUID] = ()) -> list[PendingDelivery]:
        if self._stopping.is_set():
            return []
        return await until_available(lambda: self._hosts.due(host, most, besides), abandoned=self._abandoned)

    async def _attempt(self, due: PendingDelivery) -> "asyncio.Future[int]":
        return self._record.note(due, await self._sender.attempt(due))

    async def _attempt_and_write(self, due: PendingDelivery) -> None:
        await (await self._attempt(due))
