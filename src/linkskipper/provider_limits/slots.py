"""The limits of providers, kept over all workers: how many links are there at once, and how far apart requests are.

A job that finds no place leaves its queue and waits here; whoever gives up a place hands it to the job that has
waited longest and puts that first in its queue. So nobody polls, and no worker is kept busy by waiting. A place is
held by a lease, which its worker renews: those of a worker that died go to others.
"""

from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import structlog

from linkskipper.catalog import Catalog, Provider
from linkskipper.database import Connection, Pool
from linkskipper.errors import DatabaseUnavailable
from linkskipper.periodic import Periodic
from linkskipper.provider_limits import queries
from linkskipper.queue.pgqueuer import QueueEntry, enqueue_first

log = structlog.get_logger()

WITHOUT_LIMIT = 1 << 31


class ProviderSlots:
    """The places that the jobs of this process take; one that it renews no more is lost within `lease_seconds`."""

    def __init__(self, pool: Pool, catalog: Catalog, *, lease_seconds: float) -> None:
        self._pool = pool
        self._catalog = catalog
        self._worker = uuid4()
        self._held: set[tuple[str, UUID]] = set()
        self._beat = lease_seconds / 4
        self._lease = timedelta(seconds=lease_seconds / 2)

    async def take(self, provider: Provider, entry: QueueEntry) -> bool:
        """Take a place for a job if there is one, and none that has waited longer."""
        # One that has waited has been given its place already, which nobody else touches.
        taken = await self._take_given(self._pool, provider, entry) or await self._ask(provider, entry)
        if taken:
            self._held.add((provider.id, entry.job_id))
        return taken

    async def _ask(self, provider: Provider, entry: QueueEntry) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            await self._hand_out(connection, provider.id, asking=entry)
            taken = await self._take_given(connection, provider, entry)
            if not taken:
                await connection.execute(queries.STAND_ASIDE, provider.id, entry.job_id)
        return taken

    async def _take_given(self, connection: "Pool | Connection", provider: Provider, entry: QueueEntry) -> bool:
        taken: bool | None = await connection.fetchval(
            queries.TAKE_PLACE, provider.id, entry.job_id, self._worker, self._lease
        )
        return bool(taken)

    async def wait(self, connection: Connection, provider: Provider, entry: QueueEntry) -> None:
        """Have a job, which must be in no queue, put into its queue when there is a place for it."""
        await connection.execute(queries.AWAIT_PLACE, provider.id, entry.job_id, entry.queue)
        await self._hand_out(connection, provider.id)

    async def leave(self, provider: Provider, job_id: UUID) -> None:
        """Give up a job's place; where that fails, its lease ends it: what was resolved meanwhile must not be lost."""
        self._held.discard((provider.id, job_id))
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(queries.LOCK_PLACES, provider.id)  # first, as everywhere
                await connection.execute(queries.LEAVE_PLACE, provider.id, job_id, self._worker)
                await self._hand_out(connection, provider.id)
        except (DatabaseUnavailable, asyncpg.PostgresError) as error:
            log.warning("providers.place_not_left", provider=provider.id, error=str(error))

    async def reserve(self, provider: Provider, within: float) -> float | None:
        """Seconds until the provider may be sent the request that this reserves; None if that is over `within`."""
        interval = timedelta(seconds=provider.limits.min_interval or 0)
        seconds: float | None = await self._pool.fetchval(
            queries.RESERVE_REQUEST, provider.id, interval, timedelta(seconds=within)
        )
        return seconds

    def periodic(self) -> Periodic:
        """Return the renewing of this process's slots to repeat."""
        return Periodic("provider_slots.heartbeat", self.tend, every=self._beat)

    async def tend(self) -> None:
        """The same, once."""
        if self._held:
            held = zip(*self._held, strict=True)
            await self._pool.execute(queries.RENEW_PLACES, self._worker, self._lease, *held)
        for row in await self._pool.fetch(queries.WITH_PLACES):
            async with self._pool.acquire() as connection, connection.transaction():
                await self._hand_out(connection, row["provider"])

    async def _hand_out(self, connection: Connection, provider: str, *, asking: QueueEntry | None = None) -> None:
        """Give free places to those that have waited longest, and put them in their queues.

        One that is `asking` waits too, but stays out of its queue: it is at work.
        """
        await connection.execute(queries.LOCK_PLACES, provider)
        await connection.execute(queries.LOSE_PLACES, provider)
        if asking is not None:
            await connection.execute(queries.AWAIT_PLACE, provider, asking.job_id, asking.queue)
        rows = await connection.fetch(queries.GIVE_PLACES, provider, self._number(provider), self._lease)
        given = [QueueEntry(row["queue"], row["job_id"]) for row in rows]
        if others := [entry for entry in given if asking is None or entry.job_id != asking.job_id]:
            await enqueue_first(connection, others)

    def _number(self, provider: str) -> int:
        """How many places there are; a provider that is no longer limited has one for everybody who still waits."""
        found = self._catalog.find(provider)
        return (found.limits.at_once if found is not None else None) or WITHOUT_LIMIT


async def read_waiting_jobs(pool: Pool) -> dict[str, int]:
    """Return, by provider id, the number of jobs that wait for a slot."""
    return {row["provider"]: row["waiting"] for row in await pool.fetch(queries.WAITING)}
