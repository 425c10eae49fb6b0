"""Manual redelivery: the next attempt starts at once, even to a paused host, and the schedule starts again.

Many events are sent again in parts. Each is a transaction, so that attempts wait for one part at most.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from linkskipper.database import Connection, Pool
from linkskipper.database.ids import first_id
from linkskipper.webhooks import queries
from linkskipper.webhooks.wakeups import wake_hosts

REDELIVERY_PART = 5000  # events of a redelivery in one transaction


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


class RedeliveryPlace(msgspec.Struct, frozen=True):
    """Where the redelivery of many events goes on: after a delivery of a key. Those of later keys begin at `since`."""

    since: UUID
    key_id: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    delivery_id: UUID = UUID(int=0)


class RedeliveryPart(msgspec.Struct, frozen=True):
    """What one part of a redelivery sends again. `next` is where the next one begins, None at the end."""

    deliveries: int
    next: RedeliveryPlace | None


def redelivery_since(moment: datetime) -> RedeliveryPlace:
    """Return where the redelivery of events begins that were queued since a moment."""
    return RedeliveryPlace(first_id(moment))


async def redeliver_part(
    connection: Connection, place: RedeliveryPlace, *, limit: int, key_id: int | None = None
) -> RedeliveryPart:
    """Send up to `limit` undelivered events again, of a key or of all, inside the transaction of the connection."""
    return await _redeliver_part(connection, queries.REDELIVER_SINCE, place, key_id, limit)


async def redeliver_account_part(
    connection: Connection, place: RedeliveryPlace, account_id: int, *, limit: int
) -> RedeliveryPart:
    """Do what `redeliver_part` does for all keys of an account."""
    return await _redeliver_part(connection, queries.REDELIVER_ACCOUNT_SINCE, place, account_id, limit)


async def count_account_undelivered(pool: Pool, place: RedeliveryPlace, account_id: int, *, limit: int) -> int:
    """Return how many events of an account a redelivery has before it, at most `limit`."""
    count: int = await pool.fetchval(
        queries.COUNT_ACCOUNT_UNDELIVERED, place.since, place.key_id, place.delivery_id, account_id, limit
    )
    return count


async def _redeliver_part(
    connection: Connection, statement: str, place: RedeliveryPlace, owner: int | None, limit: int
) -> RedeliveryPart:
    (row,) = await connection.fetch(statement, place.since, place.key_id, place.delivery_id, owner, limit)
    if row["hosts"]:
        await wake_hosts(connection, row["hosts"], even_paused=True)
    is_last = row["last_id"] is None
    return RedeliveryPart(
        row["deliveries"], None if is_last else RedeliveryPlace(place.since, row["last_key_id"], row["last_id"])
    )
