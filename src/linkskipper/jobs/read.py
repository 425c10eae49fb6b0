"""A job as its owner may see it."""

from uuid import UUID

import asyncpg
import msgspec

from linkskipper.database import DedicatedConnection, Pool
from linkskipper.database.batching import Batcher
from linkskipper.jobs import queries
from linkskipper.jobs.states import JobState, JobStatus


class JobReader:
    """Reads jobs by their ids; simultaneous reads share a statement."""

    def __init__(self, pool: Pool) -> None:
        self._reading = DedicatedConnection(pool)
        self._find = Batcher(self._find_all)

    async def read(self, key_id: int, job_id: UUID) -> JobState | None:
        """The state of one of the key's jobs; None if there is none of that id, or it is another key's."""
        row = await self._find(job_id)
        return None if row is None or row["key_id"] != key_id else _state(row)

    async def _find_all(self, job_ids: list[UUID]) -> list[asyncpg.Record | None]:
        rows = {row["job_id"]: row for row in await self._reading.fetch(queries.READ, job_ids)}
        return [rows.get(job_id) for job_id in job_ids]


async def read_replay(pool: Pool, key_id: int, idempotency_key: str) -> JobState | None:
    """The state of the job that the key's idempotency key started; None if it has started none."""
    row = await pool.fetchrow(queries.REPLAY, key_id, idempotency_key)
    return None if row is None else _state(row)


def _state(row: asyncpg.Record) -> JobState:
    hops = row["hops"]
    return JobState(
        job_id=row["job_id"],
        status=JobStatus(row["status"]),
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
