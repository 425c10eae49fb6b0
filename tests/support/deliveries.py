"""Make and read deliveries, and let time pass for them."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from linkskipper.accounts import WebhookSecrets, load_keyring
from linkskipper.database import Pool
from linkskipper.settings import load
from linkskipper.webhooks import (
    Attempt,
    AttemptRecorder,
    Delivery,
    DeliveryStatus,
    JobEvent,
    NewDelivery,
    PendingDeliveries,
    PendingDelivery,
    RetrySchedule,
    job_event,
    list_deliveries,
    queue_events,
    read_attempts,
)

SECONDS = 60


async def queued(pool: Pool, key_id: int, url: str) -> UUID:
    """Queue a delivery and return its id."""
    event = done_event()
    async with pool.acquire() as connection, connection.transaction():
        await queue_events(connection, [NewDelivery(key_id, url, event)])
    delivery_id: UUID = await pool.fetchval("SELECT id FROM webhook_deliveries WHERE job_id = $1", event.job_id)
    return delivery_id


def done_event() -> JobEvent:
    """Make the event of a new job that is done."""
    return job_event(
        at=datetime.now(UTC),
        job_id=uuid4(),
        status="done",
        target_url="https://example.com/",
        provider="lab-bulk",
        tier="standard",
        error=None,
        credits_charged=1,
        balance=1,
    )


def pending_deliveries(pool: Pool, data_dir: Path) -> PendingDeliveries:
    """Read deliveries with the secret of a data directory."""
    return PendingDeliveries(pool, WebhookSecrets(pool, load_keyring(load(data_dir=data_dir))))


def attempt_recorder(pool: Pool, *waits: timedelta) -> AttemptRecorder:
    """Record attempts on a schedule without jitter. By default, a second attempt follows after an hour."""
    schedule = RetrySchedule(waits or (timedelta(), timedelta(hours=1)), lambda: 0.5)
    return AttemptRecorder(pool, schedule, pause_after=timedelta(days=5))


async def pending_delivery(pool: Pool, delivery_id: UUID) -> PendingDelivery:
    """Return a delivery as a worker reads it before an attempt."""
    row = await pool.fetchrow(
        "SELECT id, key_id, job_id, url, webhook_deliveries.host, body, attempts, schedule_step, manual, is_test,"
        " failures FROM webhook_deliveries JOIN webhook_hosts USING (host) WHERE id = $1",
        delivery_id,
    )
    assert row is not None
    return PendingDelivery(**row, secrets=())


async def set_excerpt(pool: Pool, delivery_id: UUID, number: int, excerpt: str) -> None:
    """Store an excerpt, as of a public receiver. The receivers of tests are exempt, so their answers are not shown."""
    statement = "UPDATE webhook_attempts SET response = $3 WHERE delivery_id = $1 AND number = $2"
    await pool.execute(statement, delivery_id, number, excerpt)


async def delivery_of(pool: Pool, job_id: str) -> Delivery:
    """Return the delivery of a job's event."""
    deliveries = await list_deliveries(pool, limit=10_000)
    (delivery,) = [delivery for delivery in deliveries if str(delivery.job_id) == job_id]
    return delivery


async def ended(
    pool: Pool, job_id: str, status: DeliveryStatus = DeliveryStatus.DELIVERED
) -> tuple[Delivery, list[Attempt]]:
    """Wait until the delivery of a job's event has a status. Return the delivery and its attempts."""
    async with asyncio.timeout(SECONDS):
        while await pool.fetchval("SELECT status FROM webhook_deliveries WHERE job_id = $1", job_id) != status:
            await asyncio.sleep(0.02)
    delivery = await delivery_of(pool, job_id)
    return delivery, await read_attempts(pool, delivery.id)


async def attempted(pool: Pool, job_id: str, times: int = 1) -> tuple[Delivery, list[Attempt]]:
    """Wait for a number of attempts at a job's event. Return the delivery and its attempts."""
    async with asyncio.timeout(SECONDS):
        while (await pool.fetchval("SELECT attempts FROM webhook_deliveries WHERE job_id = $1", job_id) or 0) < times:
            await asyncio.sleep(0.02)
    delivery = await delivery_of(pool, job_id)
    return delivery, await read_attempts(pool, delivery.id)


async def let_pass(pool: Pool, time: timedelta) -> None:
    """Let time pass: move every stored time of webhooks into the past."""
    changes: dict[str, Any] = {
        "webhook_deliveries": ("next_attempt_at", "created_at", "ended_at"),
        "webhook_hosts": ("wakeup_at", "failing_since", "paused_at"),
        "pgqueuer": ("execute_after",),
    }
    async with pool.acquire() as connection, connection.transaction():
        for table, columns in changes.items():
            moved = ", ".join(f"{column} = {column} - $1::interval" for column in columns)
            await connection.execute(f"UPDATE {table} SET {moved}", time)
        await connection.execute("DELETE FROM pgqueuer WHERE false")  # its notice makes the workers read the queue
