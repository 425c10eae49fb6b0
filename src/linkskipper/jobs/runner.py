"""What a worker does with one job of the queue."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID, uuid4

import asyncpg
import msgspec
import structlog

from linkskipper.catalog import Provider
from linkskipper.database import Connection, Pool
from linkskipper.database.batching import Batcher
from linkskipper.database.retry import until_available
from linkskipper.jobs import queries
from linkskipper.jobs.completer import JobCompleter, JobResult
from linkskipper.jobs.states import JobStatus
from linkskipper.link_cache import CachedLink, LinkCache
from linkskipper.provider_health import OutcomeRecorder
from linkskipper.provider_limits import ProviderSlots, SharedLimiter
from linkskipper.queue.pgqueuer import QueueEntry
from linkskipper.resolver import ProviderAtCapacity, Reason, Resolution, Resolver

log = structlog.get_logger()

MAX_ATTEMPTS = 5  # a job that has lost so many workers is not given to another

Answer = TypeVar("Answer")


class JobAttempt(msgspec.Struct, frozen=True):
    """An attempt at a job; attempt and lease are what settles it."""

    job_id: UUID
    attempt: int
    lease: UUID
    account_id: int
    url: str
    link: bytes
    provider: str
    tier: str
    cost: int


class JobRunner:
    """Starts, resolves and settles jobs, many at once; the queue says which."""

    def __init__(
        self,
        pool: Pool,
        resolver: Resolver,
        links: LinkCache,
        settler: JobCompleter,
        *,
        recorder: OutcomeRecorder,
        places: ProviderSlots,
    ) -> None:
        self._pool = pool
        self._places = places
        self._resolver = resolver
        self._links = links
        self._settler = settler
        self._recorder = recorder
        self._start = Batcher(self._start_all)
        self._resolving: set[asyncio.Task[None]] = set()
        self._abandoned = asyncio.Event()

    async def work(self, job_id: UUID) -> bool:
        """Bring a job to its end; False where it was handed back for another worker."""
        started = await self._persist(lambda: self._start(job_id))
        if started is None:
            return True
        try:
            ending = await self._attempt(started)
        except ProviderAtCapacity as full:
            provider = full.provider
            await self._persist(lambda: self._wait_for_slot(started, provider))
            return True
        if ending is None:
            await self._pool.execute(queries.REQUEUE, started.job_id, started.attempt, started.lease)
            return False
        if ending.charge > started.cost:
            await self._persist(lambda: self._settler.raise_hold(ending, started.account_id, held=started.cost))
        if not await self._persist(lambda: self._settler.settle(ending)):
            log.info("job.superseded", job_id=str(job_id), attempt=started.attempt)
        return True

    def abandon(self) -> None:
        """Break off what is being resolved; those jobs are handed back to the queue."""
        self._abandoned.set()
        for task in self._resolving:
            task.cancel()

    async def _start_all(self, job_ids: list[UUID]) -> list[JobAttempt | None]:
        """Begin an attempt at each job; None for one that has ended, or that another job resolves the link for."""
        rows = await self._pool.fetch(queries.START_LEADING, job_ids, [uuid4() for _ in job_ids])
        begun = [row for row in rows if row["job_id"] is not None]
        contended = [row["id"] for row in rows if row["job_id"] is None]
        if contended:
            async with self._pool.acquire() as connection, connection.transaction():
                leading = await _take_seats(connection, contended)
                begun += await connection.fetch(queries.START, leading, [uuid4() for _ in leading])
        started = {row["job_id"]: _started(row) for row in begun}
        return [started.get(job_id) for job_id in job_ids]

    async def _attempt(self, started: JobAttempt) -> JobResult | None:
        """How the attempt ends; None if it was broken off."""
        cached = await self._persist(lambda: self._links.find(started.link))
        if cached is not None:
            return _ending_from_cache(started, cached)
        if started.attempt > MAX_ATTEMPTS:
            return _ending(started, JobStatus.FAILED, reason="attempts_exhausted")
        began = time.monotonic()
        try:
            resolution = await self._resolve(started)
        except ProviderAtCapacity:
            raise
        except Exception:
            log.exception("job.resolver_crashed", job_id=str(started.job_id), url=started.url)
            return _ending(started, JobStatus.FAILED, reason="internal_error")
        if resolution is None:
            return None
        self._recorder.note(started.account_id, resolution, time.monotonic() - began)
        return _ending_from_resolution(started, resolution)

    async def _resolve(self, started: JobAttempt) -> Resolution | None:
        task = asyncio.current_task()
        if task is None or self._abandoned.is_set():
            return None
        self._resolving.add(task)
        try:
            turns = SharedLimiter(self._places, QueueEntry(started.tier, started.job_id), self._persist)
            return await self._resolver.resolve(started.url, turns=turns)
        except asyncio.CancelledError:
            if not self._abandoned.is_set():
                raise
            task.uncancel()
            return None
        finally:
            self._resolving.discard(task)

    async def _wait_for_slot(self, started: JobAttempt, provider: Provider) -> None:
        """Hand a job back that comes into its queue again when its provider has a place for it."""
        async with self._pool.acquire() as connection, connection.transaction():
            handed_back = await connection.execute(queries.REQUEUE, started.job_id, started.attempt, started.lease)
            if handed_back != "UPDATE 0":
                await self._places.wait(connection, provider, QueueEntry(started.tier, started.job_id))

    async def _persist(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Repeat a call to the database until it is back: what was resolved must not be lost."""
        return await until_available(call, abandoned=self._abandoned)


async def _take_seats(connection: Connection, job_ids: list[UUID]) -> list[UUID]:
    """The jobs that lead the resolution of their link; the others are written down to share its end."""
    rows = await connection.fetch(queries.LINKS, job_ids)
    links, jobs = [row["link"] for row in rows], [row["id"] for row in rows]
    leaders: dict[bytes, UUID] = {}
    while set(links) - leaders.keys():  # again for a link whose leader ended just between the two statements
        await connection.execute(queries.BOARD, links, jobs)
        leaders = {row["link"]: row["job_id"] for row in await connection.fetch(queries.LEADERS, links)}
    following = [(row["link"], row["id"]) for row in rows if leaders[row["link"]] != row["id"]]
    if following:
        await connection.execute(queries.FOLLOW, *zip(*following, strict=True))
    return [row["id"] for row in rows if leaders[row["link"]] == row["id"]]


def _started(row: asyncpg.Record) -> JobAttempt:
    return JobAttempt(*(row[field] for field in JobAttempt.__struct_fields__))


def _ending(started: JobAttempt, status: JobStatus, *, reason: str) -> JobResult:
    return JobResult(started.job_id, started.attempt, started.lease, status, reason=reason)


def _ending_from_cache(started: JobAttempt, cached: CachedLink) -> JobResult:
    """Free: credits pay for a resolution (api.md, "Credits")."""
    if cached.target_url is None:
        return _ending(started, JobStatus.FAILED, reason=Reason.LINK_REMOVED)
    return JobResult(
        started.job_id,
        started.attempt,
        started.lease,
        JobStatus.DONE,
        target_url=cached.target_url,
        provider=cached.provider,
        tier=cached.tier,
    )


def _ending_from_resolution(started: JobAttempt, resolution: Resolution) -> JobResult:
    done = resolution.target_url is not None
    provider, tier = resolution.provider or started.provider, resolution.tier or started.tier
    worth_knowing = done or resolution.reason is Reason.LINK_REMOVED
    url = resolution.hops[0].url if resolution.hops else started.url
    return JobResult(
        started.job_id,
        started.attempt,
        started.lease,
        JobStatus(resolution.status),
        target_url=resolution.target_url,
        provider=provider,
        tier=tier,
        reason=resolution.reason,
        hops=msgspec.json.encode(resolution.hops).decode(),
        charge=resolution.cost if done else 0,
        cached=CachedLink(started.link, url, resolution.target_url, provider, tier) if worth_knowing else None,
    )
