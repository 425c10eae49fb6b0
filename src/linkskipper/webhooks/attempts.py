"""Record attempts, and update their deliveries and the health of the receiving hosts."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from linkskipper.database import Connection, Pool
from linkskipper.database.batching import batched
from linkskipper.database.retry import until_available
from linkskipper.metrics import WEBHOOK_ATTEMPTS, WEBHOOK_HOSTS_PAUSED, WEBHOOKS_ENDED
from linkskipper.webhooks import queries
from linkskipper.webhooks.deliveries import DeliveryStatus
from linkskipper.webhooks.pending import PendingDelivery
from linkskipper.webhooks.schedule import RetrySchedule

log = structlog.get_logger()


class AttemptResult(msgspec.Struct, frozen=True):
    """The result of an attempt.

    `error` is None if the receiver accepted the event. `status` is None if no response came.

    `retry_after` is the receiver's wish. `gone` means that the receiver wants no further attempt. `unsent` means that
    this service is at fault, so the attempt says nothing about the host.
    """

    started_at: datetime
    milliseconds: float
    status: int | None = None
    error: str | None = None
    response: str | None = None
    retry_after: timedelta | None = None
    gone: bool = False
    unsent: bool = False


class DeliveryUpdate(msgspec.Struct, frozen=True):
    """The change of a delivery after an attempt. `wait` is None unless the delivery stays pending."""

    status: DeliveryStatus
    wait: timedelta | None = None


class AttemptRecorder:
    """Record attempts, many in one statement. Keep them in memory while the database is unavailable."""

    def __init__(self, pool: Pool, schedule: RetrySchedule, *, pause_after: timedelta) -> None:
        self._pool = pool
        self._schedule = schedule
        self._pause_after = pause_after
        self._cancelled = asyncio.Event()

    async def record(self, delivery: PendingDelivery, result: AttemptResult) -> int:
        """Record an attempt. Return the consecutive failures of its host."""
        return await self._record((delivery, result))

    def cancel(self) -> None:
        """Stop waiting for the database. Unrecorded attempts are made again, with the same id."""
        self._cancelled.set()

    @batched()
    async def _record(self, attempts: list[tuple[PendingDelivery, AttemptResult]]) -> list[int]:
        updates = [self._update(delivery, result) for delivery, result in attempts]
        failures = await until_available(lambda: self._write(attempts, updates), abandoned=self._cancelled)
        for (_, result), update in zip(attempts, updates, strict=True):
            WEBHOOK_ATTEMPTS.labels("received" if result.error is None else "failed").inc()
            if update.status is not DeliveryStatus.PENDING:
                WEBHOOKS_ENDED.labels(update.status).inc()
        return [failures.get(delivery.host, 0) for delivery, _ in attempts]

    def _update(self, delivery: PendingDelivery, result: AttemptResult) -> DeliveryUpdate:
        if result.error is None:
            return DeliveryUpdate(DeliveryStatus.DELIVERED)
        wait = (
            None
            if result.gone or delivery.is_test
            else self._schedule.wait(delivery.schedule_step + 1, result.retry_after)
        )
        return DeliveryUpdate(DeliveryStatus.FAILED if wait is None else DeliveryStatus.PENDING, wait)

    async def _write(
        self, attempts: Sequence[tuple[PendingDelivery, AttemptResult]], updates: Sequence[DeliveryUpdate]
    ) -> dict[str, int]:
        """Return the consecutive failures of the hosts that failed. A host that accepted any event has not failed."""
        rows = [_row(*attempt, update) for attempt, update in zip(attempts, updates, strict=True)]
        accepted = {delivery.host for delivery, result in attempts if result.error is None}
        refused = [delivery.host for delivery, result in attempts if result.error is not None and not result.unsent]
        failed = Counter(host for host in refused if host not in accepted)
        async with self._pool.acquire() as connection:
            recovered = [row["host"] for row in await connection.fetch(queries.RECORD, *zip(*rows, strict=True))]
            if not failed and not recovered:
                return {}
            async with connection.transaction():
                await connection.execute(queries.LOCK_HOSTS, [*recovered, *failed])
                if recovered:
                    await self._record_recovered(connection, recovered)
                return await self._record_failed(connection, failed) if failed else {}

    async def _record_recovered(self, connection: Connection, hosts: Collection[str]) -> None:
        for row in await connection.fetch(queries.RECOVERED, hosts):
            if row["paused_at"] is not None:
                log.info("webhooks.host_resumed", host=row["host"])

    async def _record_failed(self, connection: Connection, failed: Mapping[str, int]) -> dict[str, int]:
        rows = await connection.fetch(queries.FAILED, list(failed), list(failed.values()), self._pause_after)
        for row in rows:
            if row["paused_now"]:
                WEBHOOK_HOSTS_PAUSED.inc()
                log.warning("webhooks.host_paused", host=row["host"], failing_since=row["failing_since"].isoformat())
        return {row["host"]: row["failures"] for row in rows}


def _row(delivery: PendingDelivery, result: AttemptResult, update: DeliveryUpdate) -> tuple[object, ...]:
    return (
        delivery.id,
        delivery.attempts,
        delivery.schedule_step,
        delivery.manual,
        update.status,
        update.wait,
        result.started_at,
        result.milliseconds,
        result.status,
        result.error,
        result.response,
    )
