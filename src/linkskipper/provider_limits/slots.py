"""Provider slots: how many jobs may be at a provider at once, over all workers.

A job that gets no slot leaves its queue and waits here. A released slot goes to the job that has waited longest, which
is queued again before all others. So nobody polls, and waiting jobs keep no worker busy. The queue entry of a job
holds its slot: when a worker dies, its entries lose their heartbeat, and other jobs get their slots
(docs/decisions/0013-provider-slots.md).
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec
import structlog

from linkskipper.catalog import Catalog, Provider
from linkskipper.database import Connection, Pool
from linkskipper.errors import DatabaseUnavailable
from linkskipper.periodic import Periodic
from linkskipper.provider_limits import queries
from linkskipper.queue import QueuedJob, enqueue_jobs_first

log = structlog.get_logger()

NO_LIMIT = 1 << 31


class SlotHolder(msgspec.Struct, frozen=True):
    """A job at work: its queue, the queue entry that holds its slots, and the lease of its attempt.

    The lease keeps a late attempt from releasing the slot of a later attempt at the same job.
    """

    job_id: UUID
    queue: str
    entry_id: int
    lease: UUID


class ProviderSlots:
    """Acquire and release slots. A slot is lost when its queue entry has no heartbeat for `lease_seconds`."""

    def __init__(self, pool: Pool, catalog: Catalog, *, lease_seconds: float) -> None:
        self._pool = pool
        self._catalog = catalog
        self._lease = timedelta(seconds=lease_seconds)

    async def acquire(self, provider: Provider, holder: SlotHolder) -> bool:
        """Acquire a slot if one is free and no job has waited longer. Return False otherwise."""
        # A job that has waited was granted its slot before it was queued again.
        return await self._take(self._pool, provider, holder) or await self._ask(provider, holder)

    async def wait(self, connection: Connection, provider: Provider, job: QueuedJob) -> None:
        """Let a job wait, which must be in no queue. It is queued again once it has a slot."""
        await connection.execute(queries.ADD_WAITING, provider.id, job.job_id, job.queue)
        await self._grant(connection, provider.id)

    async def release(self, provider: Provider, holder: SlotHolder) -> None:
        """Release a slot. If the database fails, the slot is lost later: the job's result matters more."""
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(queries.LOCK_PROVIDER, provider.id)  # the first lock in every transaction
                await connection.execute(queries.RELEASE, provider.id, holder.job_id, holder.lease)
                await self._grant(connection, provider.id)
        except (DatabaseUnavailable, asyncpg.PostgresError) as error:
            log.warning("providers.slot_not_released", provider=provider.id, error=str(error))

    async def grant_lost(self) -> None:
        """Grant the slots that other workers have lost."""
        for row in await self._pool.fetch(queries.PROVIDERS):
            async with self._pool.acquire() as connection, connection.transaction():
                await self._grant(connection, row["provider"])

    def periodic(self) -> Periodic:
        """Return `grant_lost` as periodic work."""
        return Periodic("provider_slots.grant_lost", self.grant_lost, every=self._lease.total_seconds() / 4)

    async def _ask(self, provider: Provider, holder: SlotHolder) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            await self._grant(connection, provider.id, asking=holder)
            taken = await self._take(connection, provider, holder)
            if not taken:
                await connection.execute(queries.REMOVE_WAITING, provider.id, holder.job_id)
        return taken

    async def _take(self, connection: "Pool | Connection", provider: Provider, holder: SlotHolder) -> bool:
        taken: bool | None = await connection.fetchval(
            queries.TAKE, provider.id, holder.job_id, holder.entry_id, holder.lease
        )
        return bool(taken)

    async def _grant(self, connection: Connection, provider: str, *, asking: SlotHolder | None = None) -> None:
        """Grant free slots to the jobs that have waited longest, and queue these jobs.

        The job that is `asking` waits like the others, but is not queued because it is at work.
        """
        await connection.execute(queries.LOCK_PROVIDER, provider)
        await connection.execute(queries.DELETE_LOST, provider, self._lease)
        if asking is not None:
            await connection.execute(queries.ADD_WAITING, provider, asking.job_id, asking.queue)
        rows = await connection.fetch(queries.NEXT_WAITING, provider, self._limit(provider))
        jobs = [QueuedJob(row["queue"], row["job_id"]) for row in rows]
        if jobs:
            entry_ids = await self._entry_ids(connection, jobs, asking)
            await connection.execute(queries.GRANT, provider, [job.job_id for job in jobs], entry_ids)

    async def _entry_ids(
        self, connection: Connection, jobs: Sequence[QueuedJob], asking: SlotHolder | None
    ) -> list[int]:
        """Queue the jobs that are not at work. Return the entry of each job."""
        entry_ids = {} if asking is None else {asking.job_id: asking.entry_id}
        waiting = [job for job in jobs if job.job_id not in entry_ids]
        if waiting:
            queued = await enqueue_jobs_first(connection, waiting)
            entry_ids |= dict(zip((job.job_id for job in waiting), queued, strict=True))
        return [entry_ids[job.job_id] for job in jobs]

    def _limit(self, provider: str) -> int:
        """Return the number of slots. A provider without a limit has enough for every job that still waits."""
        limited = self._catalog.find(provider)
        return (limited.limits.at_once if limited is not None else None) or NO_LIMIT


async def read_waiting_jobs(pool: Pool) -> dict[str, int]:
    """Return, by provider id, the number of jobs that wait for a slot."""
    return {row["provider"]: row["waiting"] for row in await pool.fetch(queries.WAITING)}
