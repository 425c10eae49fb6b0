"""What tests ask about deliveries, and how they let time pass for them."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from linkskipper.database import Pool
from linkskipper.webhooks import Attempt, Delivery, DeliveryStatus, JobEnd, list_deliveries, queue_events, read_attempts

SECONDS = 20


async def new_key(pool: Pool) -> int:
    """A key that signs with nothing that anybody could read."""
    account = await pool.fetchval("INSERT INTO accounts (name) VALUES ('test') RETURNING id")
    key_id: int = await pool.fetchval(
        "INSERT INTO api_keys (account_id, name, hash, prefix, last_four, webhook_secret, scopes, rate_limit)"
        " VALUES ($1, 'test', $2, 'sk_live_test', 'last', '', '{resolve}', 60) RETURNING id",
        *(account, uuid4().bytes),
    )
    return key_id


async def queued(pool: Pool, key_id: int, url: str) -> UUID:
    """The id of a delivery that has just been queued."""
    end = JobEnd(key_id, url, uuid4(), "done", "https://example.com/", "lab-bulk", "standard", None, 1, 1)
    async with pool.acquire() as connection, connection.transaction():
        await queue_events(connection, [end])
    found: UUID = await pool.fetchval("SELECT id FROM webhook_deliveries WHERE job_id = $1", end.job_id)
    return found


async def delivery_of(pool: Pool, job_id: str) -> Delivery:
    """The delivery of a job's event."""
    (found,) = [each for each in await list_deliveries(pool, limit=10_000) if str(each.job_id) == job_id]
    return found


async def ended(
    pool: Pool, job_id: str, status: DeliveryStatus = DeliveryStatus.DELIVERED
) -> tuple[Delivery, list[Attempt]]:
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
