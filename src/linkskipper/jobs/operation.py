"""Jobs of all accounts, as operators see and end them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec

from linkskipper.database import Connection, Pool
from linkskipper.database.ids import first_id
from linkskipper.jobs import queries
from linkskipper.jobs.completer import JobCompleter
from linkskipper.jobs.results import failure
from linkskipper.jobs.states import JobAttempt, JobStatus, ServiceReason
from linkskipper.queue import NewQueueItem, enqueue

COUNTED_JOBS = 2000
TAKEN_AGAIN_AFTER = timedelta(minutes=1)


class QueuedLink(msgspec.Struct, frozen=True):
    """A job that has a queue entry."""

    id: UUID
    account_id: int
    url: str
    provider: str
    status: JobStatus
    attempt: int
    created_at: datetime


class JobRate(msgspec.Struct, frozen=True):
    """The newest jobs of the service, at most COUNTED_JOBS. Times are in milliseconds, of jobs that are done."""

    submitted: int
    done: int
    failed: int
    median_ms: float | None
    p95_ms: float | None

    @property
    def is_partial(self) -> bool:
        """Tell whether there were more jobs in that time."""
        return self.submitted >= COUNTED_JOBS


async def read_queued_links(database: "Pool | Connection", job_ids: Sequence[UUID]) -> dict[UUID, QueuedLink]:
    """Return jobs by their ids."""
    rows = await database.fetch(queries.QUEUED_LINKS, list(job_ids))
    return {row["id"]: QueuedLink(**{**row, "status": JobStatus(row["status"])}) for row in rows}


async def read_job_rate(pool: Pool, window: timedelta) -> JobRate:
    """Measure the jobs that were submitted in the last time."""
    row = await pool.fetchrow(queries.JOB_RATE, first_id(datetime.now(UTC) - window), COUNTED_JOBS)
    return JobRate(**row) if row is not None else JobRate(0, 0, 0, None, None)


async def cancel_job(pool: Pool, completer: JobCompleter, job_id: UUID) -> bool:
    """End a job that waits or runs as failed, free of charge. Return False if it has ended, or follows another job.

    The job gets an attempt of its own, so that the result of a worker that runs it counts no longer.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(queries.START, [job_id], [uuid4()])
        if row is None:
            return False
        # A worker takes the job again if this process ends before the job does.
        await enqueue(connection, [NewQueueItem(row["tier"], job_id.bytes, delay=TAKEN_AGAIN_AFTER)])
    return await completer.complete(failure(JobAttempt(**row), ServiceReason.CANCELLED))
