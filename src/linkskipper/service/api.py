"""Build and run the API of one process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple, Protocol, get_args

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from linkskipper.accounts import Authenticator, WebhookSecrets, load_keyring
from linkskipper.api import (
    Api,
    InMemoryRateLimiter,
    RateLimiter,
    Services,
    SharedRateLimiter,
    public_routes,
)
from linkskipper.catalog import Catalog, Tier
from linkskipper.credits import watching_ledger
from linkskipper.dashboard import PREFIX
from linkskipper.database import Pool
from linkskipper.jobs import JobNotifier, JobReader, JobSubmitter, count_listeners
from linkskipper.periodic import cancel_all
from linkskipper.provider_health import AdmissionControl, ProviderStatsCache
from linkskipper.queue import measuring
from linkskipper.request_log import RequestLog
from linkskipper.service.dashboard import run_dashboard
from linkskipper.service.traces import tracing
from linkskipper.settings import Settings
from linkskipper.usage import UsageCounter, UsageRecorder
from linkskipper.webhooks import QUEUE_LIMITS

log = structlog.get_logger()

QUEUES = (*get_args(Tier), *QUEUE_LIMITS)


class WorkersStatus(Protocol):
    """What the API asks about workers, whether they run in its process or in others."""

    providers_changed: asyncio.Event

    @property
    def ready(self) -> bool:
        """Whether they are connected to their queues."""

    @property
    def has_browser(self) -> bool:
        """Whether they can resolve links that need a browser."""


class RunningApi(NamedTuple):
    """The ASGI application. Call `end_waits` when the process stops: it answers the clients that wait for jobs."""

    app: ASGIApp
    end_waits: Callable[[], None]


@asynccontextmanager
async def run_api(
    settings: Settings,
    url: str,
    pool: Pool,
    catalog: Catalog,
    *,
    base_url: str,
    workers: WorkersStatus | None,
    sample_links: tuple[tuple[str, str], ...] = (),
) -> AsyncIterator[RunningApi]:
    """Run the API, the dashboard and their background tasks until the context ends.

    Raises:
        SettingsError, DataDirError: the service's secret cannot be read.
    """
    async with AsyncExitStack() as stack:
        job_notifier, counter = JobNotifier(url), UsageCounter()
        keyring = load_keyring(settings)
        authenticator = Authenticator(pool, keyring)
        admission = AdmissionControl(
            pool,
            changed=asyncio.Event() if workers is None else workers.providers_changed,
            browser=workers is None or workers.has_browser,
        )
        await admission.refresh()
        if settings.limits_url is None and (others := await count_listeners(pool)):
            log.warning("api.limits_not_shared", others=others)
        services = Services(
            base_url=base_url,
            pool=pool,
            catalog=catalog,
            authenticator=authenticator,
            rate_limiter=_rate_limiter(settings, stack),
            failed_auth_limiter=InMemoryRateLimiter(),
            job_submitter=JobSubmitter(pool, catalog, admission, counter),
            job_reader=JobReader(pool),
            job_notifier=job_notifier,
            admission=admission,
            provider_stats=ProviderStatsCache(pool),
            webhook_secrets=WebhookSecrets(pool, keyring),
            request_log=_request_log(settings, pool, stack),
            topup_links=settings.topup_links,
            workers_ready=lambda: workers is None or workers.ready,
        )
        usage = UsageRecorder(pool, counter)
        stack.push_async_callback(usage.finish)
        repeated = (job_notifier, admission, authenticator, usage)
        for periodic in (*(part.periodic() for part in repeated), measuring(pool, QUEUES), watching_ledger(url)):
            stack.push_async_callback(cancel_all, [periodic.start()])
        tracer = await stack.enter_async_context(tracing(settings))
        dashboard = await stack.enter_async_context(
            run_dashboard(settings, url, services, keyring, usage=counter, tracer=tracer, samples=sample_links)
        )
        routes = public_routes(services, with_monitor=settings.monitor_port is None)
        app = Api(
            base_url,
            routes,
            services.request_log,
            topup_links=services.topup_links,
            tracer=tracer,
            writes_lines=settings.log_requests,
        )
        yield RunningApi(_by_prefix(app, dashboard), job_notifier.close)


def _by_prefix(api: ASGIApp, dashboard: ASGIApp) -> ASGIApp:
    """Return an application that passes each request on. A plain function costs the API less time than a coroutine."""

    def serve(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return (dashboard if scope["path"].startswith(PREFIX) else api)(scope, receive, send)

    return serve


def _request_log(settings: Settings, pool: Pool, stack: AsyncExitStack) -> RequestLog | None:
    """Return the log of requests, unless the operator turned it off. It writes its last rows when the context ends."""
    if not settings.request_log_days:
        return None
    log = RequestLog(pool)
    stack.push_async_callback(log.close)
    stack.push_async_callback(cancel_all, [log.periodic().start()])
    return log


def _rate_limiter(settings: Settings, stack: AsyncExitStack) -> RateLimiter:
    in_memory = InMemoryRateLimiter()
    if settings.limits_url is None:
        return in_memory
    shared = SharedRateLimiter(settings.limits_url, in_memory)
    stack.push_async_callback(shared.close)
    return shared
