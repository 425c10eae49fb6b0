"""A job as its owner may see it."""

from uuid import UUID

import asyncpg
import msgspec

from linkskipper.jobs import queries
from linkskipper.jobs.model import JobState, Status
from linkskipper.storage import Pool


async def read_job(pool: Pool, key_id: int, job_id: UUID) -> JobState | None:
    """The state of one of the key's jobs; None if there is none of that id, or it is another key's."""
    row = await pool.fetchrow(queries.READ, job_id, key_id)
    return None if row is None else _state(row)


async def read_replay(pool: Pool, key_id: int, idempotency_key: str) -> JobState | None:
    """The state of the job that the key's idempotency key started; None if it has started none."""
    row = await pool.fetchrow(queries.REPLAY, key_id, idempotency_key)
    return None if row is None else _state(row)


def _state(row: asyncpg.Record) -> JobState:
    hops = row["hops"]
    return JobState(
        job_id=row["job_id"],
        status=Status(row["status"]),
        url=row["url"],
        target_url=row["target_url"],
        provider=row["provider"],
        tier=row["tier"],
        reason=row["reason"],
        hops=None if hops is None else msgspec.json.decode(hops),
        credits_charged=row["credits_charged"],
        queue_position=row["queue_position"],
        balance=row["balance"],
    )
