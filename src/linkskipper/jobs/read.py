"""Read jobs as their owners may see them."""

from uuid import UUID

import asyncpg

from linkskipper.database import DedicatedConnection, Pool
from linkskipper.database.batching import batched
from linkskipper.jobs import queries
from linkskipper.jobs.states import JobPage, JobState, JobStatus, ListedJob, Trace
from linkskipper.jobs.trace import decode_trace

MAX_WALKED = 10_000  # takes about 10 ms


class JobReader:
    """Reads jobs by their ids. Simultaneous reads share a statement."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection = DedicatedConnection(pool)

    async def read(self, key_id: int, job_id: UUID) -> JobState | None:
        """Return the state of one of the key's jobs, None if the key has no job of this id."""
        row = await self._read.put(job_id)
        return None if row is None or row["key_id"] != key_id else _state(row)

    async def read_trace(self, key_id: int, job_id: UUID) -> Trace:
        """Return the hops of one of the key's jobs. The trace is empty until the job has ended."""
        row = await self._pool.fetchrow(queries.TRACE, key_id, job_id)
        if row is None or row["hops"] is None:
            return Trace((), 0)
        return Trace(decode_trace(row["hops"]), row["omitted_hops"])

    @batched()
    async def _read(self, job_ids: list[UUID]) -> list[asyncpg.Record | None]:
        rows = {row["job_id"]: row for row in await self._connection.fetch(queries.READ, job_ids)}
        return [rows.get(job_id) for job_id in job_ids]


async def list_jobs(
    pool: Pool, key_id: int, *, before: UUID, limit: int, status: JobStatus | None = None, max_walked: int = MAX_WALKED
) -> JobPage:
    """Return a page of a key's newest jobs before an id. `status` leaves out jobs with another status.

    The page may have fewer than `limit` jobs although it has a `next`: it walks through at most `max_walked` jobs.
    """
    rows = await pool.fetch(queries.LIST, key_id, status, before, limit + 1, max_walked)
    jobs = [ListedJob(_state(row), row["created_at"], row["finished_at"]) for row in rows[:limit]]
    if len(rows) > limit:
        return JobPage(jobs, jobs[-1].state.job_id)
    if status is None:
        return JobPage(jobs, None)
    return JobPage(jobs, await pool.fetchval(queries.LAST_WALKED, key_id, before, max_walked))


async def read_replay(pool: Pool, key_id: int, idempotency_key: str) -> JobState | None:
    """Return the state of the job that an idempotency key started, None if it started none."""
    row = await pool.fetchrow(queries.REPLAY, key_id, idempotency_key)
    return None if row is None else _state(row)


def _state(row: asyncpg.Record) -> JobState:
    return JobState(
        job_id=row["job_id"],
        status=JobStatus(row["status"]),
        url=row["url"],
        target_url=row["target_url"],
        provider=row["provider"],
        tier=row["tier"],
        reason=row["reason"],
        credits_charged=row["credits_charged"],
        queue_position=row["queue_position"],
        balance=row["balance"],
    )
