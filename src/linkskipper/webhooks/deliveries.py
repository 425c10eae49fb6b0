"""Deliveries as operators, and the keys that they belong to, may see them."""

from uuid import UUID

import asyncpg

from linkskipper.database import Pool
from linkskipper.webhooks import queries
from linkskipper.webhooks.model import Attempt, Delivery, DeliveryStatus


async def list_deliveries(
    pool: Pool,
    *,
    key_id: int | None = None,
    status: DeliveryStatus | None = None,
    before: UUID | None = None,
    limit: int = 20,
) -> list[Delivery]:
    """The newest deliveries, or those before one; of one key and one status, or (None) of all."""
    return [_delivery(row) for row in await pool.fetch(queries.LIST, key_id, status, before, limit)]


async def read_delivery(pool: Pool, delivery_id: UUID, *, key_id: int | None = None) -> Delivery | None:
    """One delivery; None if there is none of that id, or it is not the key's."""
    row = await pool.fetchrow(queries.READ, delivery_id, key_id)
    return None if row is None else _delivery(row)


async def read_attempts(pool: Pool, delivery_id: UUID) -> list[Attempt]:
    """The attempts at a delivery, oldest first."""
    return [Attempt(**row) for row in await pool.fetch(queries.ATTEMPTS, delivery_id)]


def _delivery(row: asyncpg.Record) -> Delivery:
    return Delivery(**{**row, "status": DeliveryStatus(row["status"])})
