"""The composition root: builds the parts and joins them; the only place that knows all of them."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import UUID

import structlog
from litestar.types import ASGIApp

from linkskipper.api import Backend, RollingWindow, SharedWindow, Windows, create_app
from linkskipper.catalog import Catalog, LiveCatalog
from linkskipper.egress import Client, Limits, Policy
from linkskipper.jobs import JobReader, Settler, Submitter, Watch, Workshop
from linkskipper.keys import Authenticator, WebhookSecrets, load_keyring
from linkskipper.links import LinkCache
from linkskipper.providers import Gate, Measured, Places, Recorder
from linkskipper.resolver import USER_AGENT, Engine, Resolver
from linkskipper.resolver.browser import MISSING, BrowserOptions, LazyBrowser, find_browser
from linkskipper.retention import prune_for_ever
from linkskipper.settings import Settings
from linkskipper.storage import AWAY, EmbeddedServer, Pool, open_pool
from linkskipper.storage.queue import QueueWorker, Taken
from linkskipper.storage.schema import require_current
from linkskipper.webhooks import QUEUES, Dispatcher, Hosts, Record, Schedule, Sender, wake_forgotten_for_ever

log = structlog.get_logger()

Tier = Literal["standard", "premium"]
TIERS: tuple[Tier, ...] = ("standard", "premium")

HOSTS_AT_ONCE = 200  # that one process delivers webhooks to
DRAIN_SECONDS = 3  # how long links under way may take to end when the process is told to stop
HAND_BACK_SECONDS = 2
NOTE_USE_SECONDS = 5
BEGIN_AGAIN_SECONDS = 1


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of the database: the one that is set, or the embedded server's, which runs meanwhile.

    Raises:
        DataDirError, DatabaseError: the embedded server cannot run there.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    with EmbeddedServer(settings.data_dir).running() as url:
        yield url


@asynccontextmanager
async def checked_pool(settings: Settings, url: str) -> AsyncIterator[Pool]:
    """A pool on a database whose schema is this version's.

    Raises:
        DatabaseError: the database cannot be reached.
        SchemaError: the schema is older or newer.
    """
    pool = await open_pool(url, size=settings.database_pool)
    try:
        async with pool.acquire() as connection:
            await require_current(connection)
        yield pool
    finally:
        pool.terminate()


def load_catalog(settings: Settings) -> Catalog:
    """The built-in catalogue with the operator's files over it, as they are now.

    Raises:
        CatalogError: a provider file is wrong.
    """
    return Catalog.load(extra_dirs=[settings.providers_dir] if settings.providers_dir else [])


@contextmanager
def live_catalog(settings: Settings, *, beneath: Sequence[Path] = ()) -> Iterator[Catalog]:
    """The same, which follows the operator's files until the context ends, and which broken ones do not stop.

    `beneath` are directories that go before the operator's, and are not followed.
    """
    live = LiveCatalog(settings.providers_dir, beneath=beneath)
    following = _keep_running(live.run) if settings.providers_dir is not None else None
    try:
        yield live.catalog
    finally:
        if following is not None:
            following.cancel()


def egress_policy(settings: Settings) -> Policy:
    """The guard that the settings describe.

    Raises:
        SettingsError: one of them cannot be read.
    """
    return Policy.parse(
        ports=settings.egress_ports,
        allow=settings.egress_allow,
        host_map=settings.host_map,
        extra_ca=settings.extra_ca,
    )


@asynccontextmanager
async def browser_engine(settings: Settings, policy: Policy) -> AsyncIterator[Engine | None]:
    """What resolves links in a browser; None where this machine has none.

    Raises:
        SettingsError: the browser that is set cannot be run.
    """
    executable = find_browser(settings.browser)
    if executable is None:
        yield None
        return
    options = BrowserOptions(
        executable,
        USER_AGENT,
        contexts=settings.browser_contexts,
        memory=settings.browser_memory * 1024**2,
        extra_ca=settings.extra_ca,
    )
    async with LazyBrowser(policy, options) as browser:
        yield browser


def link_cache(settings: Settings, pool: Pool) -> LinkCache:
    """The cache of links, with the lifetimes that are set."""
    return LinkCache(
        pool, found_for=timedelta(days=settings.cache_days), removed_for=timedelta(days=settings.removed_days)
    )


class Workers:
    """The workers of one process, each at its queues; providers_changed is the recorder's."""

    def __init__(
        self,
        workshop: Workshop,
        dispatcher: Dispatcher,
        workers: Sequence[QueueWorker],
        providers_changed: asyncio.Event,
        *,
        has_browser: bool,
    ) -> None:
        self.has_browser = has_browser
        self.providers_changed = providers_changed
        self._workshop = workshop
        self._dispatcher = dispatcher
        self._workers = workers
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> bool:
        """Whether every worker is at its queue."""
        return all(worker.connected for worker in self._workers)

    def start(self) -> None:
        """Begin to take jobs."""
        self._tasks = [asyncio.create_task(worker.run()) for worker in self._workers]

    async def stop(self) -> None:
        """Take no more jobs; let those under way end, hand back those that do not, within a few seconds."""
        for worker in self._workers:
            worker.stop()
        self._dispatcher.stop()
        if await self._all_ended(DRAIN_SECONDS):
            return
        self._workshop.abandon()
        self._dispatcher.abandon()
        if await self._all_ended(HAND_BACK_SECONDS):
            return
        log.warning("workers.cut_off", note="their jobs run again when the lease runs out")
        for worker in self._workers:
            worker.cut_off()
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
    """Workers for the tiers and for webhooks, at work until the context ends.

    Raises:
        SettingsError, DataDirError: an egress setting or the service's secret cannot be read.
    """
    links = link_cache(settings, pool)
    policy = egress_policy(settings)
    async with (
        Client(policy, user_agent=USER_AGENT) as client,
        browser_engine(settings, policy) as browser,
        _dispatcher(settings, pool) as dispatcher,
    ):
        if browser is None:
            log.warning("browser.missing", note=MISSING)
        recorder = Recorder(pool, catalog)
        places = Places(pool, catalog, lease_seconds=settings.lease_seconds)
        resolver, settler = Resolver(catalog, client, browser=browser), Settler(pool, links)
        workshop = Workshop(pool, resolver, links, settler, recorder=recorder, places=places)
        concurrency = {"standard": settings.standard_concurrency, "premium": settings.premium_concurrency}

        def work(taken: Taken) -> Awaitable[bool]:
            return workshop.work(UUID(bytes=taken.payload))

        at_queues = [
            QueueWorker(url, {tier: 0}, work, concurrency=concurrency[tier], lease_seconds=settings.lease_seconds)
            for tier in tiers
        ]
        if webhooks:
            at_queues.append(
                QueueWorker(
                    url, QUEUES, dispatcher.dispatch, concurrency=HOSTS_AT_ONCE, lease_seconds=settings.lease_seconds
                )
            )
        workers = Workers(workshop, dispatcher, at_queues, recorder.changed, has_browser=browser is not None)
        workers.start()
        beside = [
            _keep_running(each)
            for each in (
                partial(prune_for_ever, pool, settings),
                partial(wake_forgotten_for_ever, pool),
                recorder.run,
                places.run,
            )
        ]
        try:
            yield workers
        finally:
            for task in beside:
                task.cancel()
            await workers.stop()
            with suppress(*AWAY):
                await recorder.flush()


@asynccontextmanager
async def _dispatcher(settings: Settings, pool: Pool) -> AsyncIterator[Dispatcher]:
    """The dispatcher of webhooks, with connections of its own."""
    limits = Limits(fetch_seconds=settings.webhook_timeout)
    connections = HOSTS_AT_ONCE * settings.webhook_per_host
    schedule = Schedule(settings.webhook_schedule, random.random)
    record = Record(pool, schedule, pause_after=timedelta(days=settings.webhook_pause_days))
    hosts = Hosts(pool, WebhookSecrets(pool, load_keyring(settings)))
    policy = egress_policy(settings)
    async with Client(policy, user_agent=USER_AGENT, connections=connections, limits=limits) as client:
        yield Dispatcher(hosts, Sender(client), record, per_host=settings.webhook_per_host, chance=random.random)


class RunningApi(NamedTuple):
    """The ASGI application, and what lets the clients go that wait for jobs: to be called when the process stops."""

    app: ASGIApp
    let_go: Callable[[], None]


@asynccontextmanager
async def run_api(
    settings: Settings, url: str, pool: Pool, catalog: Catalog, *, base_url: str, workers: Workers | None
) -> AsyncIterator[RunningApi]:
    """The API, with what must run beside it, until the context ends.

    Raises:
        SettingsError, DataDirError: the service's secret cannot be read.
    """
    async with AsyncExitStack() as stack:
        watch = Watch(url)
        keyring = load_keyring(settings)
        authenticator = Authenticator(pool, keyring)
        gate = Gate(
            pool,
            changed=asyncio.Event() if workers is None else workers.providers_changed,
            browser=workers is None or workers.has_browser,
        )
        await gate.refresh()
        backend = Backend(
            base_url=base_url,
            pool=pool,
            catalog=catalog,
            authenticator=authenticator,
            guesses=RollingWindow(),
            minute_limits=_minute_limits(settings, stack),
            jobs=JobReader(pool),
            submitter=Submitter(pool, catalog, link_cache(settings, pool), gate),
            gate=gate,
            measured=Measured(pool),
            watch=watch,
            webhook_secrets=WebhookSecrets(pool, keyring),
            workers_ready=lambda: workers is None or workers.ready,
        )
        for each in (watch.run, gate.run, partial(_note_use, authenticator)):
            stack.callback(_keep_running(each).cancel)
        yield RunningApi(create_app(backend), watch.close)


def _keep_running(work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
    """A task that does the work until cancelled; a failure is logged, and the work begun again."""

    async def keep() -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception("background.failed", retry_seconds=BEGIN_AGAIN_SECONDS)
                await asyncio.sleep(BEGIN_AGAIN_SECONDS)

    return asyncio.create_task(keep())


def _minute_limits(settings: Settings, stack: AsyncExitStack) -> Windows:
    local = RollingWindow()
    if settings.limits_url is None:
        return local
    shared = SharedWindow(settings.limits_url, local)
    stack.push_async_callback(shared.close)
    return shared


async def _note_use(authenticator: Authenticator) -> None:
    while True:
        await asyncio.sleep(NOTE_USE_SECONDS)
        try:
            await authenticator.note_use()
        except AWAY as error:
            log.warning("keys.use_not_noted", error=str(error))
