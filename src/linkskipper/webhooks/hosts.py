"""The hosts that receive events, as operators see, pause and resume them."""

from datetime import datetime
from enum import StrEnum

import msgspec

from linkskipper.database import Connection, Pool
from linkskipper.webhooks import queries
from linkskipper.webhooks.wakeups import wake_hosts

COUNTED_PENDING = 1000


class HostState(StrEnum):
    """The hosts to list."""

    FAILING = "failing"
    PAUSED = "paused"
    ALL = "all"


class ReceivingHost(msgspec.Struct, frozen=True):
    """A host with its failures in a row. `pending` deliveries wait for it, counted up to COUNTED_PENDING."""

    host: str
    failures: int
    failing_since: datetime | None
    paused_at: datetime | None
    wakeup_at: datetime | None
    pending: int


class DeliveryBacklog(msgspec.Struct, frozen=True):
    """The deliveries that wait and the hosts that are paused, each counted up to COUNTED_PENDING."""

    pending: int
    paused_hosts: int


async def list_hosts(pool: Pool, state: HostState, *, after: str | None, limit: int) -> list[ReceivingHost]:
    """List hosts after a name, in the order of their names."""
    return [ReceivingHost(**row) for row in await pool.fetch(queries.HOSTS[state], after, limit, COUNTED_PENDING)]


async def find_host(pool: Pool, host: str) -> ReceivingHost | None:
    """Return a host by its name."""
    row = await pool.fetchrow(queries.HOST, host, COUNTED_PENDING)
    return None if row is None else ReceivingHost(**row)


async def read_backlog(pool: Pool) -> DeliveryBacklog:
    """Count what waits."""
    row = await pool.fetchrow(queries.BACKLOG, COUNTED_PENDING)
    return DeliveryBacklog(0, 0) if row is None else DeliveryBacklog(**row)


async def pause_host(connection: Connection, host: str) -> bool:
    """Send nothing more to a host, except what is sent again by hand. Return False if it is paused, or unknown."""
    return await connection.fetchval(queries.PAUSE_HOST, host) is not None


async def resume_host(connection: Connection, host: str) -> bool:
    """Send what waits for a paused host, inside the caller's transaction. Return False if it is not paused."""
    if await connection.fetchval(queries.RESUME_HOST, host) is None:
        return False
    await wake_hosts(connection, [host])
    return True
