"""Jobs in their queues, one queue for each tier. The payload of an entry is the id of its job."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from linkskipper.database import Connection
from linkskipper.queue.items import NewQueueItem, QueueItem, enqueue
from linkskipper.queue.positions import positions_after, read_queue_heads


class QueuedJob(msgspec.Struct, frozen=True):
    """A job and the name of its queue."""

    queue: str
    job_id: UUID


def job_id_of(item: QueueItem) -> UUID:
    """Return the id of the job that an entry asks for."""
    return UUID(bytes=item.payload)


async def enqueue_jobs(connection: Connection, jobs: Sequence[QueuedJob]) -> dict[UUID, int]:
    """Put jobs into their queues, inside the transaction of the connection. Return the position of each, 1 for next.

    Positions are exact in a short queue (see positions_after).
    """
    heads = await read_queue_heads(connection, {job.queue for job in jobs})
    entry_ids = await enqueue(connection, [NewQueueItem(job.queue, job.job_id.bytes) for job in jobs])
    positions = positions_after(heads, [job.queue for job in jobs], entry_ids)
    return {job.job_id: position for job, position in zip(jobs, positions, strict=True)}


async def enqueue_jobs_first(connection: Connection, jobs: Sequence[QueuedJob]) -> list[int]:
    """Put jobs before all others of their queues, inside the transaction. Return the ids of their entries."""
    return await enqueue(connection, [NewQueueItem(job.queue, job.job_id.bytes, priority=1) for job in jobs])
