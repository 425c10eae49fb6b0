"""Manual redelivery: the next attempt starts at once, even to a paused host, and the schedule starts again."""

from datetime import datetime
from uuid import UUID

from linkskipper.database import Connection, Pool
from linkskipper.database.ids import first_id
from linkskipper.webhooks import queries
from linkskipper.webhooks.wakeups import wake_hosts

BATCH = 1000


async def redeliver(pool: Pool, delivery_id: UUID, *, key_id: int | None = None) -> bool:
    """Send a delivery again. Return False if it does not exist or belongs to another key."""
    async with pool.acquire() as connection, connection.transaction():
        return await redeliver_within(connection, delivery_id, key_id=key_id)


async def redeliver_within(connection: Connection, delivery_id: UUID, *, key_id: int | None = None) -> bool:
    """Do what `redeliver` does inside the transaction of the connection."""
    host: str | None = await connection.fetchval(queries.REDELIVER, delivery_id, key_id)
    if host is not None:
        await wake_hosts(connection, [host], even_paused=True)
    return host is not None


async def redeliver_since(pool: Pool, since: datetime, *, key_id: int | None = None, batch: int = BATCH) -> int:
    """Send again what was queued since a time and is not delivered, of a key or of all. Return the number."""
    return await _redeliver_since(pool, queries.REDELIVER_SINCE, since, key_id, batch)


async def redeliver_account_since(pool: Pool, account_id: int, since: datetime, *, batch: int = BATCH) -> int:
    """Send again what was queued for any key of an account since a time and is not delivered. Return the number."""
    return await _redeliver_since(pool, queries.REDELIVER_ACCOUNT_SINCE, since, account_id, batch)


async def _redeliver_since(pool: Pool, statement: str, since: datetime, owner: int | None, batch: int) -> int:
    """Send deliveries again in batches. Each is a transaction, so that attempts wait for one batch at most."""
    total = 0
    last: UUID | None = first_id(since)
    while last is not None:
        async with pool.acquire() as connection, connection.transaction():
            (row,) = await connection.fetch(statement, last, owner, batch)
            if row["hosts"]:
                await wake_hosts(connection, row["hosts"], even_paused=True)
        total, last = total + row["deliveries"], row["last"]
    return total
