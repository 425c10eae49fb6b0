"""What tests ask about deliveries, and how they let time pass for them."""

import asyncio
from datetime import timedelta
from typing import Any

from linkskipper.storage import Pool
from linkskipper.webhooks import Attempt, Delivery, Status, list_deliveries, read_attempts

SECONDS = 20


async def delivery_of(pool: Pool, job_id: str) -> Delivery:
    """The delivery of a job's event."""
    (found,) = [each for each in await list_deliveries(pool, limit=10_000) if str(each.job_id) == job_id]
    return found


async def ended(pool: Pool, job_id: str, status: Status = Status.DELIVERED) -> tuple[Delivery, list[Attempt]]:
    """The delivery of a job's event and its attempts, once it has ended so."""
    async with asyncio.timeout(SECONDS):
        while await pool.fetchval("SELECT status FROM webhook_deliveries WHERE job_id = $1", job_id) != status:
            await asyncio.sleep(0.02)
    delivery = await delivery_of(pool, job_id)
    return delivery, await read_attempts(pool, delivery.id)


async def attempted(pool: Pool, job_id: str, times: int = 1) -> tuple[Delivery, list[Attempt]]:
    """The delivery of a job's event and its attempts, once there are so many of them."""
    async with asyncio.timeout(SECONDS):
        while (await pool.fetchval("SELECT attempts FROM webhook_deliveries WHERE job_id = $1", job_id) or 0) < times:
            await asyncio.sleep(0.02)
    delivery = await delivery_of(pool, job_id)
    return delivery, await read_attempts(pool, delivery.id)


async def let_pass(pool: Pool, time: timedelta) -> None:
    """Let time pass: everything that was written down for webhooks lies so much further back."""
    changes: dict[str, Any] = {
        "webhook_deliveries": ("next_attempt_at", "created_at", "ended_at"),
        "webhook_hosts": ("wakeup_at", "failing_since", "paused_at"),
        "pgqueuer": ("execute_after",),
    }
    async with pool.acquire() as connection, connection.transaction():
        for table, columns in changes.items():
            moved = ", ".join(f"{column} = {column} - $1::interval" for column in columns)
            await connection.execute(f"UPDATE {table} SET {moved}", time)
        await connection.execute("DELETE FROM pgqueuer WHERE false")  # its notice has the workers look again
