"""Leases of receiving hosts: one worker at a time sends to a host."""

from collections.abc import Sequence

import msgspec

from linkskipper.database import Pool
from linkskipper.database.batching import batched
from linkskipper.webhooks import queries
from linkskipper.webhooks.wakeups import queue_for, schedule_wakeups


class Lease(msgspec.Struct, frozen=True):
    """The right to send to a host. A queue entry holds it, so a lease ends when its entry leaves the queue."""

    host: str
    entry_id: int


class HostLeases:
    """Acquire and release leases. Simultaneous calls share a transaction."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @batched()
    async def acquire(self, leases: list[Lease]) -> list[int | None]:
        """Return the consecutive failures of the host, or None if another entry holds the lease."""
        acquired = await self._acquire_free(leases)
        refused = [lease for lease in leases if lease not in acquired]
        # Retention may have deleted the row of a host just as an event for it was queued.
        if refused and await self._pool.fetch(queries.ADD_HOSTS, [lease.host for lease in refused]):
            acquired |= await self._acquire_free(refused)
        return [acquired.get(lease) for lease in leases]

    async def _acquire_free(self, leases: Sequence[Lease]) -> dict[Lease, int]:
        hosts, entry_ids = [lease.host for lease in leases], [lease.entry_id for lease in leases]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(queries.LOCK_HOSTS, hosts)
            rows = await connection.fetch(queries.ACQUIRE, hosts, entry_ids)
        return {Lease(row["host"], row["lease_entry_id"]): row["failures"] for row in rows}

    @batched()
    async def release(self, leases: list[Lease]) -> list[None]:
        """Release a lease, and queue a wakeup for the next delivery to the host."""
        hosts, entry_ids = [lease.host for lease in leases], [lease.entry_id for lease in leases]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(queries.LOCK_HOSTS, hosts)
            rows = await connection.fetch(queries.RELEASE, hosts, entry_ids)
            waiting = [row for row in rows if row["wait"] is not None]
            await schedule_wakeups(
                connection, [(row["host"], queue_for(row["failures"]), row["wait"]) for row in waiting]
            )
        return [None for _ in leases]
