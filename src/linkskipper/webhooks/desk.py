"""The couriers' desk: who is at which host, what is due there, and when somebody is next to come."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog

from linkskipper.keys import WebhookSecrets
from linkskipper.storage import AWAY, Pool
from linkskipper.storage.batch import Batcher
from linkskipper.webhooks import queries
from linkskipper.webhooks.bells import queue_for, ring
from linkskipper.webhooks.model import Due

OVERDUE = timedelta(minutes=1)
LOOK_SECONDS = 60

log = structlog.get_logger()


class Visit(msgspec.Struct, frozen=True):
    """A courier's stay at a host; entry is that of the queue which called for it."""

    host: str
    entry: int


class _Wish(msgspec.Struct, frozen=True):
    host: str
    most: int
    besides: Sequence[UUID]


class Desk:
    """What couriers ask of the database; what they ask at the same time shares statements."""

    def __init__(self, pool: Pool, secrets: WebhookSecrets) -> None:
        self._pool = pool
        self._secrets = secrets
        self._due = Batcher(self._due_all)
        self.claim = Batcher(self._claim_all)
        self.leave = Batcher(self._leave_all)

    async def due(self, host: str, most: int, besides: Sequence[UUID]) -> list[Due]:
        """What is due at a host, the longest due first, besides what is under way."""
        return await self._due(_Wish(host, most, besides))

    async def _claim_all(self, visits: list[Visit]) -> list[int | None]:
        """How often in a row each host has failed; None where another courier is there already."""
        claimed = await self._claim_free(visits)
        taken = [visit.host for visit in visits if visit not in claimed]
        # A host without a row is one that retention forgot just as an event came for it.
        if taken and await self._pool.fetch(queries.ADD_HOSTS, taken):
            claimed |= await self._claim_free([visit for visit in visits if visit not in claimed])
        return [claimed.get(visit) for visit in visits]

    async def _claim_free(self, visits: Sequence[Visit]) -> dict[Visit, int]:
        hosts, entries = [visit.host for visit in visits], [visit.entry for visit in visits]
        rows = await self._pool.fetch(queries.CLAIM, hosts, entries)
        return {Visit(row["host"], row["courier"]): row["failures"] for row in rows}

    async def _due_all(self, wishes: list[_Wish]) -> list[list[Due]]:
        rows = await self._pool.fetch(
            queries.DUE,
            [wish.host for wish in wishes],
            [wish.most for wish in wishes],
            [each for wish in wishes for each in wish.besides],
        )
        secrets = await self._secrets.of({row["key_id"] for row in rows}) if rows else {}
        found: dict[str, list[Due]] = {wish.host: [] for wish in wishes}
        for row in rows:
            found[row["host"]].append(Due(**row, secrets=secrets.get(row["key_id"], ())))
        return [found[wish.host] for wish in wishes]

    async def _leave_all(self, visits: list[Visit]) -> list[None]:
        """Let others come; a bell is rung for the time when a host's next delivery is due."""
        hosts = sorted((visit.host, visit.entry) for visit in visits)
        async with self._pool.acquire() as connection, connection.transaction():
            names = [host for host, _ in hosts]
            await connection.execute(queries.LOCK_HOSTS, names)
            rows = await connection.fetch(queries.RELEASE, names, [entry for _, entry in hosts])
            await ring(
                connection,
                [(row["host"], queue_for(row["failures"]), row["wait"]) for row in rows if row["wait"] is not None],
            )
        return [None for _ in visits]


async def ring_for_forgotten(pool: Pool, overdue: timedelta) -> int:
    """Ring for hosts that nobody is called to though something has been due so long; returns how many.

    The queue loses no entry that anyone knows of: this is for the day when it does.
    """
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(queries.FORGOTTEN, overdue)
        await ring(connection, [(row["host"], queue_for(row["failures"]), timedelta()) for row in rows])
    return len(rows)


async def ring_for_forgotten_for_ever(pool: Pool) -> None:
    """Look after what was forgotten now and every minute, until cancelled."""
    while True:
        try:
            if found := await ring_for_forgotten(pool, OVERDUE):
                log.warning("webhooks.forgotten", hosts=found)
        except AWAY as error:
            log.warning("webhooks.look_put_off", error=str(error))
        await asyncio.sleep(LOOK_SECONDS)
