"""The life of a job in a worker: it is started, resolved and completed, or returned to the queue."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID, uuid4

import structlog

from linkskipper.catalog import Provider
from linkskipper.database import Connection, Pool
from linkskipper.database.batching import batched
from linkskipper.database.retry import until_available
from linkskipper.jobs import queries
from linkskipper.jobs.completer import JobCompleter
from linkskipper.jobs.live_hops import LiveHops
from linkskipper.jobs.results import failure, is_of, result_from_cache, result_from_resolution
from linkskipper.jobs.states import JobAttempt, JobResult, ServiceReason
from linkskipper.link_cache import LinkCache
from linkskipper.provider_health import OutcomeRecorder
from linkskipper.provider_limits import ProviderSlots, SharedLimiter, SlotHolder
from linkskipper.queue import QueuedJob
from linkskipper.resolver import LinkResolver, ProviderAtCapacity, Resolution
from linkskipper.traces import Tracer

log = structlog.get_logger()

MAX_ATTEMPTS = 5  # a job that loses more workers than this is not given to another

T = TypeVar("T")


class JobRunner:
    """Runs the jobs that the queue names, many at once."""

    def __init__(
        self,
        pool: Pool,
        resolver: LinkResolver,
        cache: LinkCache,
        completer: JobCompleter,
        *,
        recorder: OutcomeRecorder,
        slots: ProviderSlots,
        tracer: Tracer | None = None,
    ) -> None:
        self._pool = pool
        self._resolver = resolver
        self._cache = cache
        self._completer = completer
        self._recorder = recorder
        self._slots = slots
        self._tracer = tracer
        self._resolving: set[asyncio.Task[None]] = set()
        self._cancelled = asyncio.Event()

    async def work(self, job_id: UUID, entry_id: int) -> bool:
        """Run a job of a queue entry. Return False if it has to be run again, by another worker."""
        attempt = await self._persist(lambda: self._start(job_id))
        if attempt is None:
            return True
        try:
            result = await self._run(attempt, entry_id)
        except ProviderAtCapacity as error:
            await self._wait_for_slot(attempt, error.provider)
            return True
        if result is None:
            await self._requeue(self._pool, attempt)
            return False
        await self._complete(attempt, result)
        return True

    def cancel(self) -> None:
        """Stop resolving and hand the jobs back to the queue."""
        self._cancelled.set()
        for task in self._resolving:
            task.cancel()

    @batched()
    async def _start(self, job_ids: list[UUID]) -> list[JobAttempt | None]:
        """Begin an attempt at each job. The answer is None for a job that has ended, or that follows another."""
        rows = await self._pool.fetch(queries.START, job_ids, [uuid4() for _ in job_ids])
        attempts = {row["job_id"]: JobAttempt(**row) for row in rows}
        return [attempts.get(job_id) for job_id in job_ids]

    async def _run(self, attempt: JobAttempt, entry_id: int) -> JobResult | None:
        """Resolve the link of an attempt. Return None if that was cancelled.

        Raises:
            ProviderAtCapacity: A provider on the way has no slot for the job now.
        """
        cached = await self._persist(lambda: self._cache.find(attempt.link_hash))
        if cached is not None:
            return result_from_cache(attempt, cached)
        if attempt.attempt > MAX_ATTEMPTS:
            return failure(attempt, ServiceReason.ATTEMPTS_EXHAUSTED)
        began = time.monotonic()
        try:
            resolution = await self._resolve(attempt, entry_id)
        except ProviderAtCapacity:
            raise
        except Exception:
            log.exception("job.resolver_crashed", job_id=str(attempt.job_id), provider=attempt.provider)
            return failure(attempt, ServiceReason.INTERNAL_ERROR)
        if resolution is None:
            return None
        if not is_of(attempt, resolution):
            log.error("job.other_link_resolved", job_id=str(attempt.job_id), provider=attempt.provider)
            return failure(attempt, ServiceReason.INTERNAL_ERROR)
        seconds = time.monotonic() - began
        self._recorder.record(attempt.account_id, resolution, seconds)
        if self._tracer is not None:
            self._tracer.resolution(attempt.job_id, attempt=attempt.attempt, seconds=seconds, hops=resolution.hops)
        return result_from_resolution(attempt, resolution)

    async def _resolve(self, attempt: JobAttempt, entry_id: int) -> Resolution | None:
        task = asyncio.current_task()
        if task is None or self._cancelled.is_set():
            return None
        self._resolving.add(task)
        live_hops = LiveHops(self._pool, attempt)
        try:
            holder = SlotHolder(attempt.job_id, attempt.tier, entry_id, attempt.lease)
            limiter = SharedLimiter(self._pool, self._slots, holder, cancelled=self._cancelled)
            on_hop = live_hops.add if attempt.live else None
            return await self._resolver.resolve(attempt.canonical_url, canonical=True, on_hop=on_hop, limiter=limiter)
        except asyncio.CancelledError:
            if not self._cancelled.is_set():
                raise
            task.uncancel()
            return None
        finally:
            self._resolving.discard(task)
            await live_hops.close()

    async def _complete(self, attempt: JobAttempt, result: JobResult) -> None:
        if result.price > attempt.price:
            await self._persist(lambda: self._completer.raise_hold(result, attempt.account_id, held=attempt.price))
        if not await self._persist(lambda: self._completer.complete(result)):
            log.info("job.superseded", job_id=str(attempt.job_id), attempt=attempt.attempt)

    async def _wait_for_slot(self, attempt: JobAttempt, provider: Provider) -> None:
        """Hand the job back. It is queued again when its provider has a slot for it."""

        async def hand_back() -> None:
            async with self._pool.acquire() as connection, connection.transaction():
                if await self._requeue(connection, attempt):
                    await self._slots.wait(connection, provider, QueuedJob(attempt.tier, attempt.job_id))

        await self._persist(hand_back)

    async def _requeue(self, connection: "Pool | Connection", attempt: JobAttempt) -> bool:
        """End an attempt that does not count. Return False if it had been lost before."""
        requeued: str = await connection.execute(queries.REQUEUE, attempt.job_id, attempt.attempt, attempt.lease)
        return requeued != "UPDATE 0"

    async def _persist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeat a call until the database is available, so that nothing that was resolved is lost."""
        return await until_available(call, abandoned=self._cancelled)
