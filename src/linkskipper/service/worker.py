"""The workers of one process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress

import structlog

from linkskipper.audit import RefusalRecorder
from linkskipper.catalog import Catalog, Tier
from linkskipper.database import Pool
from linkskipper.egress import Client
from linkskipper.errors import DatabaseUnavailable
from linkskipper.jobs import JobCompleter, JobRunner
from linkskipper.metrics import QUEUES_CONNECTED
from linkskipper.periodic import cancel_all
from linkskipper.provider_health import OutcomeRecorder
from linkskipper.provider_limits import ProviderSlots
from linkskipper.queue import QueueItem, QueueWorker, job_id_of
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader
from linkskipper.service.database import link_cache
from linkskipper.service.resolving import browser_engine, egress_policy
from linkskipper.service.retention import retention
from linkskipper.service.traces import tracing
from linkskipper.service.webhooks import CONCURRENT_HOSTS, delivery_worker
from linkskipper.settings import Settings
from linkskipper.usage import UsageCounter, UsageRecorder
from linkskipper.webhooks import QUEUE_LIMITS, DeliveryWorker, rescue_work

log = structlog.get_logger()

TIERS: tuple[Tier, ...] = ("standard", "premium")

DRAIN_SECONDS = 3  # how long links under way may take to end when the process is told to stop
HAND_BACK_SECONDS = 2


class Workers:
    """The workers of one process, each with its queues. The recorder sets `providers_changed`."""

    def __init__(
        self,
        runner: JobRunner,
        delivery_worker: DeliveryWorker,
        workers: Sequence[QueueWorker],
        providers_changed: asyncio.Event,
        *,
        has_browser: bool,
    ) -> None:
        self.has_browser = has_browser
        self.providers_changed = providers_changed
        self._runner = runner
        self._delivery_worker = delivery_worker
        self._workers = workers
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> bool:
        """Whether every worker is connected to its queues."""
        return self.connected_count == len(self._workers)

    @property
    def connected_count(self) -> int:
        """The number of workers that are connected to their queues."""
        return sum(worker.connected for worker in self._workers)

    def start(self) -> None:
        """Start to take jobs."""
        self._tasks = [asyncio.create_task(worker.run()) for worker in self._workers]

    async def stop(self) -> None:
        """Take no more jobs. Within a few seconds, let jobs in progress end, and return the others to the queue."""
        for worker in self._workers:
            worker.stop()
        self._delivery_worker.stop()
        if await self._all_ended(DRAIN_SECONDS):
            return
        self._runner.cancel()
        self._delivery_worker.cancel()
        if await self._all_ended(HAND_BACK_SECONDS):
            return
        log.warning("workers.cut_off", note="their jobs run again when the lease runs out")
        for worker in self._workers:
            worker.kill()
        for task in self._tasks:
            task.cancel()
        await self._all_ended(HAND_BACK_SECONDS)

    async def _all_ended(self, seconds: float) -> bool:
        alive = [task for task in self._tasks if not task.done()]
        return not alive or not (await asyncio.wait(alive, timeout=seconds))[1]


@asynccontextmanager
async def run_workers(
    settings: Settings, url: str, pool: Pool, catalog: Catalog, tiers: Sequence[Tier], *, webhooks: bool = True
) -> AsyncIterator[Workers]:
    """Run workers for the tiers and for webhooks until the context ends.

    Raises:
        SettingsError, DataDirError: an egress setting or the service's secret cannot be read.
    """
    cache = link_cache(settings, pool)
    policy = egress_policy(settings)
    async with (
        tracing(settings) as tracer,
        Client(policy, user_agent=USER_AGENT) as client,
        PageReader() as reader,
        browser_engine(settings, policy) as browser,
        delivery_worker(settings, pool, policy.refusals, tracer) as deliveries,
    ):
        recorder = OutcomeRecorder(pool, catalog)
        slots = ProviderSlots(pool, catalog, lease_seconds=settings.lease_seconds)
        resolver, counter = LinkResolver(catalog, client, reader, browser=browser), UsageCounter()
        completer = JobCompleter(pool, cache, counter, tracer, writes_lines=settings.log_requests)
        runner = JobRunner(pool, resolver, cache, completer, recorder=recorder, slots=slots, tracer=tracer)
        queue_workers = _job_workers(settings, url, runner, tiers)
        if webhooks:
            queue_workers.append(_webhook_worker(settings, url, deliveries))
        workers = Workers(runner, deliveries, queue_workers, recorder.changed, has_browser=browser is not None)
        workers.start()
        QUEUES_CONNECTED.set_function(lambda: workers.connected_count)
        refusals, usage = RefusalRecorder(pool, policy.refusals), UsageRecorder(pool, counter)
        repeated = (
            *(retention(url, settings), rescue_work(pool)),
            *(recorder.periodic(), slots.periodic(), refusals.periodic(), usage.periodic()),
        )
        periodics = [periodic.start() for periodic in repeated]
        try:
            yield workers
        finally:
            await cancel_all(periodics)
            await workers.stop()
            with suppress(DatabaseUnavailable):
                await recorder.flush()
                await refusals.flush()
            await usage.finish()


def _job_workers(settings: Settings, url: str, runner: JobRunner, tiers: Sequence[Tier]) -> list[QueueWorker]:
    concurrency = {"standard": settings.standard_concurrency, "premium": settings.premium_concurrency}

    def work(item: QueueItem) -> Awaitable[bool]:
        return runner.work(job_id_of(item), item.id)

    return [
        QueueWorker(url, {tier: 0}, work, concurrency=concurrency[tier], lease_seconds=settings.lease_seconds)
        for tier in tiers
    ]


def _webhook_worker(settings: Settings, url: str, deliveries: DeliveryWorker) -> QueueWorker:
    return QueueWorker(
        url, QUEUE_LIMITS, deliveries.handle, concurrency=CONCURRENT_HOSTS, lease_seconds=settings.lease_seconds
    )
