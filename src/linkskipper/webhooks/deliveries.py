"""Deliveries and their attempts, as key owners and operators see them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg
import msgspec

from linkskipper.database import Pool
from linkskipper.database.walk import Walk, walk
from linkskipper.webhooks import queries

HOST_LOOKS_AT = 1000  # deliveries that a page with a filter by host looks at


class DeliveryStatus(StrEnum):
    """The states of a delivery. A redelivery makes any of them pending again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(msgspec.Struct, frozen=True):
    """A delivery. `host_paused_at` is set while only a successful redelivery lets the delivery continue.

    A test is about no job. The API does not list it.
    """

    id: UUID
    key_id: int
    job_id: UUID
    event: str
    url: str
    host: str
    body: str
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    ended_at: datetime | None
    is_test: bool
    host_paused_at: datetime | None


class Attempt(msgspec.Struct, frozen=True):
    """An attempt at a delivery. `error` is None if the receiver accepted the event."""

    number: int
    started_at: datetime
    milliseconds: float
    status: int | None
    error: str | None
    response: str | None


async def list_deliveries(
    pool: Pool,
    *,
    key_id: int | None = None,
    status: DeliveryStatus | None = None,
    before: UUID | None = None,
    limit: int = 20,
) -> list[Delivery]:
    """List deliveries, the newest first. None selects everything. `before` is the id of a delivery."""
    return [_delivery(row) for row in await pool.fetch(queries.LIST, key_id, status, before, limit)]


async def read_delivery(pool: Pool, delivery_id: UUID, *, key_id: int | None = None) -> Delivery | None:
    """Return a delivery, or None if it does not exist or belongs to another key."""
    row = await pool.fetchrow(queries.READ, delivery_id, key_id)
    return None if row is None else _delivery(row)


async def list_account_deliveries(
    pool: Pool,
    account_id: int,
    *,
    key_id: int | None,
    status: DeliveryStatus | None,
    host: str | None,
    before: UUID | None,
    limit: int,
) -> Walk[Delivery, UUID]:
    """Return a page of the deliveries of an account, or of one of its keys, before an id.

    A page with a filter by host looks at `HOST_LOOKS_AT` deliveries that the other filters choose.
    """
    return await walk(
        pool,
        queries.ACCOUNT_LIST,
        _delivery,
        before=before,
        looks_at=limit + 1 if host is None else HOST_LOOKS_AT,
        limit=limit,
        owner=account_id,
        chosen=(key_id, status, host),
    )


async def read_account_delivery(
    pool: Pool, account_id: int, delivery_id: UUID, *, key_id: int | None
) -> Delivery | None:
    """Return a delivery, or None if it does not exist or belongs to another account or key."""
    row = await pool.fetchrow(queries.ACCOUNT_READ, delivery_id, account_id, key_id)
    return None if row is None else _delivery(row)


async def find_delivery_of_job(pool: Pool, job_id: UUID, *, key_id: int) -> Delivery | None:
    """Return the delivery of the event about a key's job, or None if there is none."""
    row = await pool.fetchrow(queries.READ_BY_JOB, job_id, key_id)
    return None if row is None else _delivery(row)


async def read_attempts(pool: Pool, delivery_id: UUID) -> list[Attempt]:
    """Return the attempts at a delivery, the oldest first."""
    return [Attempt(**row) for row in await pool.fetch(queries.ATTEMPTS, delivery_id)]


def _delivery(row: asyncpg.Record) -> Delivery:
    fields = {name: row[name] for name in Delivery.__struct_fields__}
    return Delivery(**{**fields, "status": DeliveryStatus(row["status"])})
