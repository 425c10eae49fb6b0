"""Send what is due at one host, while this worker holds the host's lease."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from linkskipper.database.retry import until_available
from linkskipper.webhooks.attempts import AttemptRecorder
from linkskipper.webhooks.client import WebhookClient
from linkskipper.webhooks.pending import PendingDeliveries, PendingDelivery
from linkskipper.webhooks.wakeups import FAILING_AFTER

READ_AHEAD = 5  # deliveries read for each attempt that may be under way
TURN_SECONDS = 10  # then the host waits in the queue again, so that every host has its turn
POLL_SECONDS = 1  # between reads while attempts are under way
PROBES = 4  # attempts for each wakeup of a failing host
PROBE_GAP_SECONDS = 0.5  # the average gap, so that ten thousand failing hosts do not keep a worker busy


class HostSender:
    """Send to one host: `run` sends to a live host, `probe` to a failing host. Call one of them, once."""

    def __init__(
        self,
        host: str,
        pending: PendingDeliveries,
        client: WebhookClient,
        recorder: AttemptRecorder,
        *,
        concurrency: int,
        seconds: float = TURN_SECONDS,
    ) -> None:
        self._host = host
        self._pending = pending
        self._client = client
        self._recorder = recorder
        self._seconds = seconds
        self._read_limit = READ_AHEAD * concurrency
        self._free_attempts = asyncio.Semaphore(concurrency)
        self._attempts: dict[UUID, asyncio.Task[None]] = {}
        self._unrecorded: dict[asyncio.Task[None], UUID] = {}
        self._woken = False
        self._changed = asyncio.Event()
        self._stopped = asyncio.Event()
        self._cancelled = asyncio.Event()
        self._stops_when_failing = True
        self._error: BaseException | None = None

    async def run(self) -> None:
        """Send until nothing is due, the turn is over, or the host turns out to fail.

        Raises the error of an attempt or its recording, after the other attempts ended.
        """
        turn = asyncio.get_running_loop().call_later(self._seconds, self.stop)
        while not self._stopped.is_set():
            self._woken = False
            deliveries = await self._due(self._read_limit)
            for delivery in deliveries:
                await self._start(delivery)
            if len(deliveries) < self._read_limit and not await self._wait_for_more():
                break
        turn.cancel()
        await self._finish()

    async def probe(self, random: Callable[[], float]) -> None:
        """Make up to PROBES attempts with random gaps. Raises like `run`."""
        self._stops_when_failing = False
        for delivery in await self._due(PROBES):
            if await self._stops_within(2 * random() * PROBE_GAP_SECONDS):
                break
            await self._start(delivery)
        await self._finish()

    def wake(self) -> None:
        """Read again soon: more deliveries may be due."""
        self._woken = True
        self._changed.set()

    def stop(self) -> None:
        """Begin no more attempts."""
        self._stopped.set()
        self._changed.set()

    def cancel(self) -> None:
        """Stop, and cancel the attempts under way. Another worker makes them again, with the same ids."""
        self.stop()
        self._cancelled.set()
        for task in self._attempts.values():
            task.cancel()

    async def _due(self, limit: int) -> list[PendingDelivery]:
        while len(self._unrecorded) > self._read_limit:
            await asyncio.wait(self._unrecorded, return_when=asyncio.FIRST_COMPLETED)
        exclude = list(self._unrecorded.values())
        return await until_available(lambda: self._pending.read(self._host, limit, exclude), abandoned=self._cancelled)

    async def _start(self, delivery: PendingDelivery) -> None:
        """Begin an attempt as soon as fewer than `concurrency` are under way, unless stopped."""
        await self._free_attempts.acquire()
        if self._stopped.is_set():
            self._free_attempts.release()
            return
        task = asyncio.create_task(self._send(delivery))
        self._attempts[delivery.id] = task
        self._unrecorded[task] = delivery.id
        task.add_done_callback(self._ended)

    async def _send(self, delivery: PendingDelivery) -> None:
        """Make an attempt and record it. The next attempt need not wait for the recording."""
        try:
            result = await self._client.attempt(delivery)
        finally:
            self._end_attempt(delivery.id)
        failures = await self._recorder.record(delivery, result)
        if self._stops_when_failing and failures >= FAILING_AFTER:
            self.stop()

    def _end_attempt(self, delivery_id: UUID) -> None:
        if self._attempts.pop(delivery_id, None) is not None:
            self._free_attempts.release()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._end_attempt(self._unrecorded.pop(task))  # for a task that was cancelled before it began
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = error
            self.stop()
        if not self._unrecorded:
            self._changed.set()

    async def _wait_for_more(self) -> bool:
        """Wait while attempts are under way. Return True when it is time to read again."""
        while self._unrecorded and not self._woken and not self._stopped.is_set():
            self._changed.clear()
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                return True
        return self._woken

    async def _finish(self) -> None:
        while self._unrecorded:
            await asyncio.wait(self._unrecorded)
        if self._error is not None:
            raise self._error

    async def _stops_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stopped.wait()
        except TimeoutError:
            return False
