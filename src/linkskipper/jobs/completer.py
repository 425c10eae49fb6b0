"""The second of the two transactions that change credits: end a job, once, with all consequences."""

from collections.abc import Mapping
from datetime import UTC, datetime

import asyncpg
import structlog

from linkskipper import credits
from linkskipper.credits import Charge
from linkskipper.database import Pool
from linkskipper.database.batching import batched
from linkskipper.database.ids import age_of
from linkskipper.jobs import queries
from linkskipper.jobs.notifications import notify_ended
from linkskipper.jobs.single_flight import end_followers
from linkskipper.jobs.states import ERRORS, JobResult
from linkskipper.link_cache import LinkCache
from linkskipper.metrics import JOBS_ENDED, observe_job
from linkskipper.traces import Tracer
from linkskipper.usage import Outcome, UsageCounter
from linkskipper.webhooks import NewDelivery, job_event, queue_events

log = structlog.get_logger()


class JobCompleter:
    """Ends jobs, counts them in `usage`, and notifies the clients that wait for them.

    If `writes_lines` is set, each job that ends has a log line.
    """

    def __init__(
        self,
        pool: Pool,
        cache: LinkCache,
        usage: UsageCounter,
        tracer: Tracer | None = None,
        *,
        writes_lines: bool = False,
    ) -> None:
        self._pool = pool
        self._cache = cache
        self._usage = usage
        self._tracer = tracer
        self._writes_lines = writes_lines

    @batched()
    async def complete(self, results: list[JobResult]) -> list[bool]:
        """End many jobs in one transaction. The answer is False for a job whose attempt no longer counts."""
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                ended = await connection.fetch(queries.END, *zip(*map(_columns, results), strict=True))
                followers = await end_followers(connection, [job["id"] for job in ended if job["has_followers"]])
                jobs = [*ended, *followers]
                balances = await credits.settle(connection, [_charge(job) for job in jobs])
                accepted = {job["id"] for job in ended}
                found = [result.cached for result in results if result.job_id in accepted and result.cached]
                await self._cache.store(connection, found)
                await queue_events(connection, [_delivery(job, balances) for job in jobs if job["webhook_url"]])
            # After the commit: PostgreSQL lets transactions that notify commit one at a time only.
            await notify_ended(connection, [(job["id"], job["key_id"]) for job in jobs])
        for job in jobs:
            self._count(job)
        if self._tracer is not None:
            _trace(self._tracer, jobs)
        if self._writes_lines:
            _write_lines(jobs)
        return [result.job_id in accepted for result in results]

    async def raise_hold(self, result: JobResult, account_id: int, *, held: int) -> None:
        """Hold the price of a job that exceeds what it holds. If the account cannot, the job keeps its old price."""
        fence = (result.job_id, result.attempt, result.lease)
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(queries.CHANGE_PRICE, *fence, held, result.price) is None:
                return
            balances = await credits.lock(connection, [account_id])
            if balances[account_id].reserve(result.price - held):
                await credits.hold(connection, balances)
            else:
                await connection.execute(queries.CHANGE_PRICE, *fence, result.price, held)

    def _count(self, job: asyncpg.Record) -> None:
        JOBS_ENDED.labels(job["status"], job["reason"] or "").inc()
        observe_job(age_of(job["id"]) / 1000, tier=job["tier"], status=job["status"])
        outcome = Outcome[job["status"].upper()]
        self._usage.add(
            job["account_id"],
            job["key_id"],
            job["provider"],
            outcome,
            charged=job["credits_charged"],
            milliseconds=age_of(job["id"]) if outcome is Outcome.DONE else 0,
        )


def _columns(result: JobResult) -> tuple[object, ...]:
    return (
        result.job_id,
        result.attempt,
        result.lease,
        result.status,
        result.target_url,
        result.provider,
        result.tier,
        result.reason,
        result.hops,
        result.omitted_hops,
        result.price,
    )


def _trace(tracer: Tracer, jobs: list[asyncpg.Record]) -> None:
    for job in jobs:
        details = {name: job[name] for name in ("provider", "tier", "status", "key_id")}
        attributes = {f"linkskipper.{name}": value for name, value in details.items()}
        tracer.job(job["id"], status=job["status"], reason=job["reason"], attributes=attributes)


def _write_lines(jobs: list[asyncpg.Record]) -> None:
    for job in jobs:
        log.info(
            "job.ended",
            job_id=str(job["id"]),
            key_id=job["key_id"],
            status=job["status"],
            reason=job["reason"],
            provider=job["provider"],
            tier=job["tier"],
            milliseconds=age_of(job["id"]),
        )


def _charge(job: asyncpg.Record) -> Charge:
    return Charge(job["account_id"], job["id"], held=job["price"], charged=job["credits_charged"])


def _delivery(job: asyncpg.Record, balances: Mapping[int, int]) -> NewDelivery:
    event = job_event(
        at=datetime.now(UTC),
        job_id=job["id"],
        status=job["status"],
        target_url=job["target_url"],
        provider=job["provider"],
        tier=job["tier"],
        error=ERRORS.get(job["status"]),
        credits_charged=job["credits_charged"],
        balance=balances[job["account_id"]],
    )
    return NewDelivery(job["key_id"], job["webhook_url"], event)
