"""The queue's binding: PgQueuer on our connections.

One queue a tier, each with a worker of its own, so that slow links never hold up quick ones.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import structlog
from pgqueuer import Queries, QueueManager
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job as QueuedJob

from linkskipper.errors import DatabaseError
from linkskipper.storage.pool import AWAY, Connection, open_connection

log = structlog.get_logger()

BATCH = 10
RECONNECT_SECONDS = 1

Handler = Callable[[UUID], Awaitable[bool]]
"""Takes a job's id; False hands the job back to the queue, for another worker to take."""


async def install_queue(connection: Connection) -> None:
    """Make or update PgQueuer's tables; its queue survives a crash of the server, its log of past jobs may not."""
    queries = Queries(AsyncpgDriver(connection))  # type: ignore[arg-type]
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        balanced = DBSettings(durability=Durability.balanced)
        await connection.execute(QueryBuilderEnvironment(settings=balanced).build_install_query(create_schema=False))


async def enqueue(connection: Connection, queue: str, job_ids: list[UUID]) -> None:
    """Put jobs into a queue, inside the transaction that the connection is in."""
    queries = Queries(AsyncpgDriver(connection))  # type: ignore[arg-type]
    await queries.enqueue([queue] * len(job_ids), [job_id.bytes for job_id in job_ids], [0] * len(job_ids))


class QueueWorker:
    """Takes jobs from one queue and gives each to the handler, many at once."""

    def __init__(self, url: str, queue: str, handler: Handler, *, concurrency: int, lease_seconds: float) -> None:
        self._url = url
        self._queue = queue
        self._handler = handler
        self._concurrency = concurrency
        self._lease = timedelta(seconds=lease_seconds)
        self._manager: QueueManager | None = None
        self._stopping = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the worker is at its queue now."""
        return self._manager is not None

    def stop(self) -> None:
        """Take no more jobs; run() returns when those under way have ended."""
        self._stopping.set()
        if self._manager is not None:
            self._manager.shutdown.set()

    async def run(self) -> None:
        """Work until stopped; a lost database is waited for."""
        while not self._stopping.is_set():
            try:
                await self._work()
            except (*AWAY, DatabaseError, RuntimeError, ExceptionGroup) as error:
                log.warning("queue.lost", queue=self._queue, error=str(error), retry_seconds=RECONNECT_SECONDS)
                await self._pause(RECONNECT_SECONDS)

    async def _work(self) -> None:
        connection = await open_connection(self._url)
        try:
            self._manager = manager = QueueManager(Queries(AsyncpgDriver(connection)))  # type: ignore[arg-type]
            manager.entrypoint(self._queue, accepts_context=False)(self._handle)
            if not self._stopping.is_set():
                await manager.run(
                    dequeue_timeout=self._lease,
                    batch_size=BATCH,
                    max_concurrent_tasks=self._concurrency,
                    heartbeat_timeout=self._lease,
                    shutdown_on_listener_failure=True,
                )
        finally:
            self._manager = None
            connection.terminate()

    async def _handle(self, job: QueuedJob) -> None:
        if job.payload is not None and not await self._handler(UUID(bytes=job.payload)):
            raise RetryRequested(reason="handed back")

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
