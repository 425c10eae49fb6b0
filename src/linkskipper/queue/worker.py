"""A worker of queues."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog
from pgqueuer import QueueManager
from pgqueuer.core import buffers
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job

from linkskipper.database import Connection
from linkskipper.errors import DatabaseUnavailable
from linkskipper.queue.driver import RECONNECT_SECONDS, ReconnectingDriver
from linkskipper.queue.items import QueueItem
from linkskipper.queue.log_buffer import LogBuffer
from linkskipper.queue.statements import WorkerQueries

log = structlog.get_logger()

buffers.JobStatusLogBuffer = LogBuffer  # type: ignore[misc]  # PgQueuer has no option for it

MAX_BATCH = 50
PUT_BACK = """
UPDATE pgqueuer SET status = 'queued', updated = now(), queue_manager_id = NULL
WHERE queue_manager_id = $1 AND status = 'picked' AND id <> ALL($2::bigint[])
"""

QueueHandler = Callable[[QueueItem], Awaitable[bool]]
"""Handle an entry. False puts it back into its queue for another worker."""


class QueueWorker:
    """Take entries from queues and give each to the handler, up to `concurrency` at once.

    `queues` limits for each queue how many entries all workers together handle at once. 0 means without a limit.
    """

    def __init__(
        self, url: str, queues: Mapping[str, int], handler: QueueHandler, *, concurrency: int, lease_seconds: float
    ) -> None:
        self._url = url
        self._queues = queues
        self._name = next(iter(queues))
        self._handler = handler
        self._concurrency = concurrency
        self._lease = timedelta(seconds=lease_seconds)
        self._manager: QueueManager | None = None
        self._driver: ReconnectingDriver | None = None
        self._stopping = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the worker has a connection to its queues."""
        return self._driver is not None and self._driver.connected

    def stop(self) -> None:
        """Take no more entries. `run` returns when those under way have ended."""
        self._stopping.set()
        if self._driver is not None:
            self._driver.no_more()
        if self._manager is not None:
            self._manager.shutdown.set()

    def kill(self) -> None:
        """Close the connection at once. Other workers take the entries under way when their leases run out."""
        self.stop()
        if self._driver is not None:
            self._driver.close()

    async def run(self) -> None:
        """Work until stopped. Begin again whenever the work ends before that."""
        while not self._stopping.is_set():
            try:
                await self._work()
            except Exception as error:
                if self._stopping.is_set() and isinstance(error, DatabaseUnavailable):
                    return
                log.exception("queue.failed", queue=self._name, retry_seconds=RECONNECT_SECONDS)
                await self._pause(RECONNECT_SECONDS)

    async def _work(self) -> None:
        self._driver = driver = ReconnectingDriver(self._url, list(self._queues), self._put_back_lost)
        queries = WorkerQueries(driver)
        queries.look_again = driver.look_again
        self._manager = manager = QueueManager(queries)
        for queue, limit in self._queues.items():
            manager.entrypoint(queue, concurrency_limit=limit, accepts_context=False)(self._handle)
        try:
            await driver.open()
            await manager.run(
                dequeue_timeout=self._lease,
                batch_size=min(MAX_BATCH, self._concurrency // 2),  # PgQueuer wants room for two batches
                max_concurrent_tasks=self._concurrency,
                heartbeat_timeout=self._lease,
                shutdown_on_listener_failure=True,
                log_aggregation_interval=timedelta(),  # nobody reads PgQueuer's statistics
            )
        finally:
            self._manager = self._driver = None
            driver.close()

    async def _put_back_lost(self, connection: Connection) -> None:
        """Put back entries that this worker took over a connection that ended before it learnt of them.

        Those whose end is not written down yet are put back too. Their handlers find that nothing is left to do.
        """
        if self._manager is not None:
            under_way = list(self._manager.job_context)
            await connection.execute(PUT_BACK, self._manager.queue_manager_id, under_way)

    async def _handle(self, job: Job) -> None:
        """Handle an entry. PgQueuer drops an entry whose handler raises anything but RetryRequested."""
        item = QueueItem(job.id, job.entrypoint, job.payload or b"")
        try:
            finished = await self._handler(item)
        except Exception as error:
            log.exception("queue.entry_failed", queue=item.queue, entry=item.id)
            raise RetryRequested(self._lease, reason="handler failed") from error
        if not finished:
            raise RetryRequested(reason="put back")

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
