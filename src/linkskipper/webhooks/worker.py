"""Handle wakeups: acquire the host's lease, send what is due there, and release the lease."""

import asyncio
from collections.abc import Callable

from linkskipper.database.retry import until_available
from linkskipper.queue import QueueItem
from linkskipper.webhooks.attempts import AttemptRecorder
from linkskipper.webhooks.client import WebhookClient
from linkskipper.webhooks.host_sender import HostSender
from linkskipper.webhooks.leases import HostLeases, Lease
from linkskipper.webhooks.pending import PendingDeliveries
from linkskipper.webhooks.wakeups import FAILING_AFTER, FAILING_QUEUE


class DeliveryWorker:
    """Send to many hosts at once. The queue says to which. `random` returns a number from 0 to 1."""

    def __init__(
        self,
        leases: HostLeases,
        pending: PendingDeliveries,
        client: WebhookClient,
        recorder: AttemptRecorder,
        *,
        per_host: int,
        random: Callable[[], float],
    ) -> None:
        self._leases = leases
        self._pending = pending
        self._client = client
        self._recorder = recorder
        self._per_host = per_host
        self._random = random
        self._senders: dict[str, HostSender] = {}
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._stopping = False
        self._cancelled = asyncio.Event()

    async def handle(self, item: QueueItem) -> bool:
        """Send what is due at the host that an entry names. Return False to hand the entry back to the queue."""
        lease = Lease(item.payload.decode(), item.id)
        failures = await until_available(lambda: self._leases.acquire(lease), abandoned=self._cancelled)
        if failures is None:
            if lease.host in self._senders:
                self._senders[lease.host].wake()
            return True
        if failures < FAILING_AFTER or item.queue == FAILING_QUEUE:
            await self._send(lease.host, failing=failures >= FAILING_AFTER)
        if self._stopping:
            return False
        await until_available(lambda: self._leases.release(lease), abandoned=self._cancelled)
        return True

    def stop(self) -> None:
        """Begin no more attempts."""
        self._stopping = True
        for sender in self._senders.values():
            sender.stop()

    def cancel(self) -> None:
        """Stop, and cancel the attempts under way. Other workers make them again, with the same ids."""
        self.stop()
        self._cancelled.set()
        self._recorder.cancel()
        for sender in self._senders.values():
            sender.cancel()

    async def _send(self, host: str, *, failing: bool) -> None:
        """Run a sender, or wait for the host's present one if the queue gave out the entry a second time."""
        if self._stopping:
            return
        if host in self._senders:
            self._senders[host].wake()
        else:
            self._start(host, failing=failing)
        await asyncio.shield(self._runs[host])

    def _start(self, host: str, *, failing: bool) -> None:
        sender = HostSender(host, self._pending, self._client, self._recorder, concurrency=self._per_host)
        run = asyncio.create_task(sender.probe(self._random) if failing else sender.run())
        self._senders[host], self._runs[host] = sender, run

        def forget(_: asyncio.Task[None]) -> None:
            del self._senders[host], self._runs[host]

        run.add_done_callback(forget)
