"""The queue's binding: PgQueuer on our connections.

One queue a tier and one pair for webhooks, each with a worker of its own, so that none holds up another.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog
from pgqueuer import Queries, QueueManager
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job as QueuedJob

from linkskipper.database.pool import Connection, open_connection

log = structlog.get_logger()

MAX_BATCH = 50
RECONNECT_SECONDS = 1
COUNTED = 1000

DEPTHS = """
SELECT queue,
    (SELECT count(*) FROM (SELECT FROM pgqueuer WHERE entrypoint = queue AND status = 'queued' LIMIT $2) AS counted)
        AS depth,
    (SELECT id FROM pgqueuer WHERE entrypoint = queue AND status = 'queued' ORDER BY priority DESC, id LIMIT 1)
        AS oldest
FROM unnest($1::text[]) AS queue
"""


class QueueItem(msgspec.Struct, frozen=True):
    """An entry that a worker has taken: its id, its queue, and what it was put there with."""

    id: int
    queue: str
    payload: bytes


Handler = Callable[[QueueItem], Awaitable[bool]]
"""Does what an entry asks for; False hands it back to the queue, for another worker to take."""


async def install_queue(connection: Connection) -> None:
    """Make or update PgQueuer's tables; its queue survives a crash of the server, its log of past jobs may not."""
    queries = Queries(AsyncpgDriver(connection))  # type: ignore[arg-type]
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        balanced = DBSettings(durability=Durability.balanced)
        await connection.execute(QueryBuilderEnvironment(settings=balanced).build_install_query(create_schema=False))


async def prune_log(connection: Connection, keep: timedelta) -> int:
    """Remove PgQueuer's records of entries that were done so long ago."""
    removed = await connection.execute("DELETE FROM pgqueuer_log WHERE created < now() - $1::interval", keep)
    return int(removed.removeprefix("DELETE "))


class QueueEntry(msgspec.Struct, frozen=True):
    """A job to be put into the queue of that name."""

    queue: str
    job_id: UUID


async def enqueue(connection: Connection, entries: Sequence[QueueEntry]) -> dict[UUID, int]:
    """Put jobs into their queues, inside the transaction that the connection is in.

    Returns the place of each in its queue, 1 being next: exact while the queue is shorter than COUNTED, and
    estimated from the distance to the oldest entry beyond, so that the cost does not grow with the queue.
    """
    names = [entry.queue for entry in entries]
    depths = {row["queue"]: row for row in await connection.fetch(DEPTHS, sorted(set(names)), COUNTED)}
    ids = await Queries(AsyncpgDriver(connection)).enqueue(  # type: ignore[arg-type]
        names, [entry.job_id.bytes for entry in entries], [0] * len(entries)
    )
    before: Counter[str] = Counter({name: row["depth"] for name, row in depths.items()})
    positions = {}
    for entry, entry_id in zip(entries, ids, strict=True):
        before[entry.queue] += 1
        distance = entry_id - (depths[entry.queue]["oldest"] or entry_id) + 1
        positions[entry.job_id] = distance if before[entry.queue] > COUNTED else before[entry.queue]
    return positions


async def enqueue_first(connection: Connection, entries: Sequence[QueueEntry]) -> list[int]:
    """Queue jobs before all others, inside the transaction of the connection. Return the ids of their entries."""
    return list(
        await Queries(AsyncpgDriver(connection)).enqueue(  # type: ignore[arg-type]
            [entry.queue for entry in entries], [entry.job_id.bytes for entry in entries], [1] * len(entries)
        )
    )


class NewQueueItem(msgspec.Struct, frozen=True):
    """Something to be put into the queue of that name and taken no sooner than after the delay."""

    queue: str
    payload: bytes
    delay: timedelta = timedelta()


async def put(connection: Connection, entries: Sequence[NewQueueItem]) -> list[int]:
    """Put entries into their queues, inside the transaction that the connection is in; returns their ids."""
    return list(
        await Queries(AsyncpgDriver(connection)).enqueue(  # type: ignore[arg-type]
            [entry.queue for entry in entries],
            [entry.payload for entry in entries],
            [0] * len(entries),
            [entry.delay for entry in entries],
        )
    )


class QueueWorker:
    """Takes entries from its queues and gives each to the handler, many at once.

    queues bounds how many entries of each all workers together have under way; 0 is no bound.
    """

    def __init__(
        self, url: str, queues: Mapping[str, int], handler: Handler, *, concurrency: int, lease_seconds: float
    ) -> None:
        self._url = url
        self._queues = queues
        self._name = next(iter(queues))
        self._handler = handler
        self._concurrency = concurrency
        self._lease = timedelta(seconds=lease_seconds)
        self._manager: QueueManager | None = None
        self._connection: Connection | None = None
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

    def cut_off(self) -> None:
        """Leave the queue at once: what is still under way here is another worker's when its lease runs out."""
        self.stop()
        if self._connection is not None:
            self._connection.terminate()

    async def run(self) -> None:
        """Work until stopped; whatever ends the work before that, a lost database above all, is waited out."""
        while not self._stopping.is_set():
            try:
                await self._work()
            except Exception as error:
                log.warning("queue.lost", queue=self._name, error=str(error), retry_seconds=RECONNECT_SECONDS)
                await self._pause(RECONNECT_SECONDS)

    async def _work(self) -> None:
        self._connection = connection = await open_connection(self._url)
        try:
            self._manager = manager = QueueManager(Queries(AsyncpgDriver(connection)))  # type: ignore[arg-type]
            for queue, bound in self._queues.items():
                manager.entrypoint(queue, concurrency_limit=bound, accepts_context=False)(self._handle)
            # Else a lost connection is noticed only when the lease runs out: an idle worker waits for a notice.
            connection.add_termination_listener(lambda _: manager.shutdown.set())
            if not self._stopping.is_set():
                await manager.run(
                    dequeue_timeout=self._lease,
                    batch_size=min(MAX_BATCH, self._concurrency // 2),  # PgQueuer wants room for two batches
                    max_concurrent_tasks=self._concurrency,
                    heartbeat_timeout=self._lease,
                    shutdown_on_listener_failure=True,
                )
        finally:
            self._manager = self._connection = None
            connection.terminate()

    async def _handle(self, job: QueuedJob) -> None:
        """An entry leaves the queue only when its handler says so: PgQueuer drops those whose handler raises."""
        taken = QueueItem(job.id, job.entrypoint, job.payload or b"")
        try:
            finished = await self._handler(taken)
        except Exception as error:
            log.exception("queue.entry_failed", queue=taken.queue, entry=taken.id)
            raise RetryRequested(self._lease, reason="handler failed") from error
        if not finished:
            raise RetryRequested(reason="handed back")

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
