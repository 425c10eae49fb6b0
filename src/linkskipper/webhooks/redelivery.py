"""Sending deliveries again by hand: the next attempt at once, even to a paused host, and the schedule begun anew."""

from datetime import datetime
from uuid import UUID

from linkskipper.database import Pool
from linkskipper.database.ids import first_id
from linkskipper.webhooks import queries
from linkskipper.webhooks.outbox import wake

BATCH = 1000


async def redeliver(pool: Pool, delivery_id: UUID, *, key_id: int | None = None) -> bool:
    """Send a delivery again, whatever became of it; False if there is none of that id, or it is not the key's."""
    async with pool.acquire() as connection, connection.transaction():
        host: str | None = await connection.fetchval(queries.AGAIN, delivery_id, key_id)
        if host is not None:
            await wake(connection, [host], even_paused=True)
    return host is not None


async def redeliver_since(pool: Pool, since: datetime, *, key_id: int | None = None, batch: int = BATCH) -> int:
    """Send again what was queued since then and is not delivered; of one key or (None) of all. Returns how many.

    It goes by batches, a transaction each, so that attempts at what is sent again are not held up by the rest.
    """
    total = 0
    last: UUID | None = first_id(since)
    while last is not None:
        async with pool.acquire() as connection, connection.transaction():
            (row,) = await connection.fetch(queries.AGAIN_SINCE, last, key_id, batch)
            if row["hosts"]:
                await wake(connection, row["hosts"], even_paused=True)
        total, last = total + row["deliveries"], row["last"]
    return total
