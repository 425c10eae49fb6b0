"""Jobs as the members of an account see them, with filters and all details."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from linkskipper.database import Pool
from linkskipper.database.walk import Walk, walk
from linkskipper.jobs import queries
from linkskipper.jobs.states import JobStatus
from linkskipper.jobs.trace import decode_trace
from linkskipper.resolver import Hop

MAX_WALKED = 2000  # jobs that a page with filters looks at
COUNTED_JOBS = 1000


class JobOwner(msgspec.Struct, frozen=True):
    """The owner of the jobs to show: an account, or one key of it."""

    account_id: int
    key_id: int | None = None


class JobFilter(msgspec.Struct, frozen=True):
    """The jobs to list. None selects everything. `text` is a part of the link or of the target."""

    status: JobStatus | None = None
    key_id: int | None = None
    provider: str | None = None
    reason: str | None = None
    text: str | None = None


class JobRow(msgspec.Struct, frozen=True):
    """A job in a list."""

    id: UUID
    key_id: int
    url: str
    status: JobStatus
    target_url: str | None
    provider: str
    reason: str | None
    credits_charged: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def milliseconds(self) -> float | None:
        """The time from submission to end, None before that."""
        return None if self.finished_at is None else (self.finished_at - self.created_at).total_seconds() * 1000


class JobDetails(msgspec.Struct, frozen=True):
    """Everything that the members of an account may know of a job."""

    job: JobRow
    canonical_url: str | None
    tier: str
    price: int
    attempt: int
    leader_id: UUID | None
    followers: int
    webhook_url: str | None
    queue_position: int
    live: bool
    hops: Sequence[Hop]
    omitted_hops: int


class JobCounts(msgspec.Struct, frozen=True):
    """The newest jobs since a time, at most COUNTED_JOBS. `median_ms` is that of jobs that are done."""

    total: int
    done: int
    failed: int
    invalid: int
    waiting: int
    charged: int
    median_ms: float | None

    @property
    def is_partial(self) -> bool:
        """Tell whether there are older jobs since that time that were not counted."""
        return self.total >= COUNTED_JOBS


async def list_owner_jobs(
    pool: Pool, owner: JobOwner, chosen: JobFilter, *, before: UUID | None, limit: int
) -> Walk[JobRow, UUID]:
    """Return a page of jobs before an id."""
    statement, owner_id = _by_owner(owner, queries.ACCOUNT_JOBS, queries.KEY_JOBS)
    return await walk(
        pool,
        statement,
        _row,
        before=before,
        looks_at=MAX_WALKED,
        limit=limit,
        owner=owner_id,
        chosen=msgspec.structs.astuple(chosen),
    )


async def read_details(pool: Pool, owner: JobOwner, job_id: UUID) -> JobDetails | None:
    """Return a job with all details, or None if the owner has no such job."""
    row = await pool.fetchrow(queries.DETAILS, job_id, owner.account_id, owner.key_id)
    if row is None:
        return None
    return JobDetails(
        job=_row(row),
        canonical_url=row["canonical_url"],
        tier=row["tier"],
        price=row["price"],
        attempt=row["attempt"],
        leader_id=row["leader_id"],
        followers=row["followers"],
        webhook_url=row["webhook_url"],
        queue_position=row["queue_position"],
        live=row["live"],
        hops=[] if row["hops"] is None else decode_trace(row["hops"]),
        omitted_hops=row["omitted_hops"],
    )


async def count_jobs(pool: Pool, owner: JobOwner, since: UUID) -> JobCounts:
    """Count the newest jobs whose ids are not below `since`."""
    statement, value = _by_owner(owner, queries.COUNT_ACCOUNT_JOBS, queries.COUNT_KEY_JOBS)
    row = await pool.fetchrow(statement, value, since, COUNTED_JOBS)
    return JobCounts(**row) if row is not None else JobCounts(0, 0, 0, 0, 0, 0, None)


async def newest_job(pool: Pool, owner: JobOwner) -> UUID | None:
    """Return the id of the newest job."""
    statement, value = _by_owner(owner, queries.NEWEST_ACCOUNT_JOB, queries.NEWEST_KEY_JOB)
    newest: UUID | None = await pool.fetchval(statement, value)
    return newest


def _by_owner(owner: JobOwner, by_account: str, by_key: str) -> tuple[str, int]:
    return (by_account, owner.account_id) if owner.key_id is None else (by_key, owner.key_id)


def _row(row: asyncpg.Record) -> JobRow:
    fields = {name: row[name] for name in JobRow.__struct_fields__}
    return JobRow(**{**fields, "status": JobStatus(row["status"])})
