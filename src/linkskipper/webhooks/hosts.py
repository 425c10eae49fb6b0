"""Receiving hosts: which worker has the lease of each, what is due there, and when the next wakeup is."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog

from linkskipper.accounts import WebhookSecrets
from linkskipper.database import Pool
from linkskipper.database.batching import Batcher
from linkskipper.periodic import Periodic
from linkskipper.webhooks import queries
from linkskipper.webhooks.model import PendingDelivery
from linkskipper.webhooks.wakeups import queue_for, schedule_wakeups

OVERDUE = timedelta(minutes=1)
LOOK_SECONDS = 60
KEYS = 1000  # that have their turns at a host; were there more, the rest would go by age alone

log = structlog.get_logger()


class Lease(msgspec.Struct, frozen=True):
    """The right to deliver to a host, held for an entry of the queue."""

    host: str
    entry: int


class _DueQuery(msgspec.Struct, frozen=True):
    host: str
    most: int
    besides: Sequence[UUID]


class Hosts:
    """Leases hosts and finds what is due there; simultaneous calls share statements."""

    def __init__(self, pool: Pool, secrets: WebhookSecrets) -> None:
        self._pool = pool
        self._secrets = secrets
        self._due = Batcher(self._due_all)
        self.lease = Batcher(self._lease_all)
        self.release = Batcher(self._release_all)

    async def due(self, host: str, most: int, besides: Sequence[UUID]) -> list[PendingDelivery]:
        """What is due at a host, besides what is under way: so many, the keys that are told there in turns."""
        return await self._due(_DueQuery(host, most, besides))

    async def _lease_all(self, leases: list[Lease]) -> list[int | None]:
        """How often in a row each host has failed; None where another entry has its lease."""
        leased = await self._lease_free(leases)
        taken = [lease.host for lease in leases if lease not in leased]
        # A host without a row is one that retention forgot just as an event came for it.
        if taken and await self._pool.fetch(queries.ADD_HOSTS, taken):
            leased |= await self._lease_free([lease for lease in leases if lease not in leased])
        return [leased.get(lease) for lease in leases]

    async def _lease_free(self, leases: Sequence[Lease]) -> dict[Lease, int]:
        hosts, entries = [lease.host for lease in leases], [lease.entry for lease in leases]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(queries.LOCK_HOSTS, hosts)
            rows = await connection.fetch(queries.LEASE, hosts, entries)
        return {Lease(row["host"], row["lease"]): row["failures"] for row in rows}

    async def _due_all(self, wanted: list[_DueQuery]) -> list[list[PendingDelivery]]:
        rows = await self._pool.fetch(
            queries.DUE,
            [query.host for query in wanted],
            [query.most for query in wanted],
            [each for query in wanted for each in query.besides],
            KEYS,
        )
        secrets = await self._secrets.read({row["key_id"] for row in rows}) if rows else {}
        found: dict[str, list[PendingDelivery]] = {query.host: [] for query in wanted}
        for row in rows:
            found[row["host"]].append(PendingDelivery(**row, secrets=secrets.get(row["key_id"], ())))
        return [found[query.host] for query in wanted]

    async def _release_all(self, leases: list[Lease]) -> list[None]:
        """Give leases back, and queue a wakeup for when the next delivery to each host is due."""
        hosts = sorted((lease.host, lease.entry) for lease in leases)
        async with self._pool.acquire() as connection, connection.transaction():
            names = [host for host, _ in hosts]
            await connection.execute(queries.LOCK_HOSTS, names)
            rows = await connection.fetch(queries.RELEASE, names, [entry for _, entry in hosts])
            await schedule_wakeups(
                connection,
                [(row["host"], queue_for(row["failures"]), row["wait"]) for row in rows if row["wait"] is not None],
            )
        return [None for _ in leases]


async def rescue_stuck_hosts(pool: Pool, overdue: timedelta) -> int:
    """Queue wakeups for hosts where something has been due so long and none is queued; returns how many.

    The queue loses no entry that anyone knows of: this is for the day when it does.
    """
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(queries.FORGOTTEN, overdue)
        await schedule_wakeups(connection, [(row["host"], queue_for(row["failures"]), timedelta()) for row in rows])
    return len(rows)


def rescue_work(pool: Pool) -> Periodic:
    """Return the rescue of stuck hosts to repeat."""

    async def rescue() -> None:
        if hosts := await rescue_stuck_hosts(pool, OVERDUE):
            log.warning("webhooks.hosts_rescued", hosts=hosts)

    return Periodic("webhooks.rescue", rescue, every=LOOK_SECONDS)
