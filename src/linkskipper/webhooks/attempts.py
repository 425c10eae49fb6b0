"""Writing down how attempts went, what follows for the delivery, and how its host fares."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import msgspec
import structlog

from linkskipper.database import Connection, Pool
from linkskipper.database.batching import Batcher
from linkskipper.database.retry import until_available
from linkskipper.metrics import WEBHOOK_ATTEMPTS, WEBHOOK_HOSTS_PAUSED, WEBHOOKS_ENDED
from linkskipper.webhooks import queries
from linkskipper.webhooks.model import DeliveryStatus, Outcome, PendingDelivery
from linkskipper.webhooks.schedule import Schedule

log = structlog.get_logger()


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a delivery after an attempt; wait is None unless it is pending."""

    status: DeliveryStatus
    wait: timedelta | None = None


class AttemptRecorder:
    """Records attempts, many in one statement, and holds on to them while the database is away."""

    def __init__(self, pool: Pool, schedule: Schedule, *, pause_after: timedelta) -> None:
        self._pool = pool
        self._schedule = schedule
        self._pause_after = pause_after
        self._failing: set[str] = set()
        self._abandoned = asyncio.Event()
        self._note = Batcher(self._note_all)

    def note(self, due: PendingDelivery, outcome: Outcome) -> "asyncio.Future[int]":
        """Record an attempt; the future tells how often in a row its host has failed by now."""
        return self._note.put((due, outcome))

    def forget(self, host: str) -> None:
        """Keep no longer in mind whether a host has been failing: whoever leases it next reads that anew."""
        self._failing.discard(host)

    def abandon(self) -> None:
        """Wait for the database no longer: what is not recorded is sent again, with the same id."""
        self._abandoned.set()

    async def _note_all(self, attempts: list[tuple[PendingDelivery, Outcome]]) -> list[int]:
        verdicts = [self._verdict(due, outcome) for due, outcome in attempts]
        failures = await until_available(lambda: self._write(attempts, verdicts), abandoned=self._abandoned)
        for (_, outcome), verdict in zip(attempts, verdicts, strict=True):
            WEBHOOK_ATTEMPTS.labels("received" if outcome.error is None else "failed").inc()
            if verdict.status is not DeliveryStatus.PENDING:
                WEBHOOKS_ENDED.labels(verdict.status).inc()
        return [failures.get(due.host, 0) for due, _ in attempts]

    def _verdict(self, due: PendingDelivery, outcome: Outcome) -> Verdict:
        if outcome.error is None:
            return Verdict(DeliveryStatus.DELIVERED)
        wait = None if outcome.gone else self._schedule.wait(due.step + 1, outcome.retry_after)
        return Verdict(DeliveryStatus.FAILED) if wait is None else Verdict(DeliveryStatus.PENDING, wait)

    async def _write(
        self, attempts: Sequence[tuple[PendingDelivery, Outcome]], verdicts: Sequence[Verdict]
    ) -> dict[str, int]:
        """Returns the failures in a row of the hosts that failed only; one that received anything is well."""
        rows = [_row(*attempt, verdict) for attempt, verdict in zip(attempts, verdicts, strict=True)]
        well = {due.host for due, outcome in attempts if outcome.error is None}
        failed = Counter(due.host for due, outcome in attempts if due.host not in well and not outcome.unsent)
        self._failing.update(due.host for due, _ in attempts if due.failures)
        recovered = well & self._failing
        async with self._pool.acquire() as connection:
            if not failed and not recovered:
                await connection.execute(queries.RECORD, *zip(*rows, strict=True))
                return {}
            async with connection.transaction():
                await connection.execute(queries.RECORD, *zip(*rows, strict=True))
                await connection.execute(queries.LOCK_HOSTS, sorted(recovered | failed.keys()))
                await self._note_recovered(connection, recovered)
                failures = await self._note_failed(connection, failed)
        self._failing = (self._failing - recovered) | failed.keys()
        return failures

    async def _note_recovered(self, connection: Connection, hosts: Collection[str]) -> None:
        for row in await connection.fetch(queries.RECOVERED, list(hosts)):
            if row["paused_at"] is not None:
                log.info("webhooks.host_resumed", host=row["host"])

    async def _note_failed(self, connection: Connection, failed: Mapping[str, int]) -> dict[str, int]:
        rows = await connection.fetch(queries.FAILED, list(failed), list(failed.values()), self._pause_after)
        for row in rows:
            if row["paused_now"]:
                WEBHOOK_HOSTS_PAUSED.inc()
                log.warning("webhooks.host_paused", host=row["host"], failing_since=row["failing_since"].isoformat())
        return {row["host"]: row["failures"] for row in rows}


def _row(due: PendingDelivery, outcome: Outcome, verdict: Verdict) -> tuple[object, ...]:
    return (
        due.id,
        due.attempts,
        due.step,
        due.by_hand,
        verdict.status,
        verdict.wait,
        outcome.started_at,
        outcome.milliseconds,
        outcome.status,
        outcome.error,
        outcome.response,
    )
