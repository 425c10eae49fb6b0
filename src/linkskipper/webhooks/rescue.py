"""Rescue hosts whose wakeup is missing. By design the queue loses no entry. This covers the unexpected."""

from datetime import timedelta

import structlog

from linkskipper.database import Pool
from linkskipper.periodic import Periodic
from linkskipper.webhooks import queries
from linkskipper.webhooks.wakeups import AT_ONCE, queue_for, schedule_wakeups

OVERDUE = timedelta(minutes=1)
INTERVAL_SECONDS = 60

log = structlog.get_logger()


async def rescue_stuck_hosts(pool: Pool, overdue: timedelta) -> int:
    """Queue wakeups for hosts with an overdue delivery and no queue entry. Return the number of hosts."""
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(queries.STUCK_HOSTS, overdue)
        await schedule_wakeups(connection, [(row["host"], queue_for(row["failures"]), AT_ONCE) for row in rows])
    return len(rows)


def rescue_work(pool: Pool) -> Periodic:
    """Return the rescue of stuck hosts as periodic work."""

    async def rescue() -> None:
        if hosts := await rescue_stuck_hosts(pool, OVERDUE):
            log.warning("webhooks.stuck_hosts_rescued", hosts=hosts)

    return Periodic("webhooks.rescue", rescue, every=INTERVAL_SECONDS)
