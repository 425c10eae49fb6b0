"""The API of one process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

import structlog
from litestar.types import ASGIApp

from linkskipper.accounts import Authenticator, WebhookSecrets, load_keyring
from linkskipper.api import InMemoryRateLimiter, RateLimiter, Services, SharedRateLimiter, create_app
from linkskipper.catalog import Catalog
from linkskipper.database import Pool
from linkskipper.jobs import JobNotifier, JobReader, JobSubmitter
from linkskipper.provider_health import AdmissionControl, ProviderStatsCache
from linkskipper.service.worker import Workers
from linkskipper.settings import Settings

log = structlog.get_logger()


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
        notifier = JobNotifier(url)
        keyring = load_keyring(settings)
        authenticator = Authenticator(pool, keyring)
        admission = AdmissionControl(
            pool,
            changed=asyncio.Event() if workers is None else workers.providers_changed,
            browser=workers is None or workers.has_browser,
        )
        await admission.refresh()
        backend = Services(
            base_url=base_url,
            pool=pool,
            catalog=catalog,
            authenticator=authenticator,
            failed_auth_limiter=InMemoryRateLimiter(),
            minute_limits=_minute_limits(settings, stack),
            jobs=JobReader(pool),
            submitter=JobSubmitter(pool, catalog, admission),
            gate=admission,
            measured=ProviderStatsCache(pool),
            watch=notifier,
            webhook_secrets=WebhookSecrets(pool, keyring),
            workers_ready=lambda: workers is None or workers.ready,
        )
        for periodic in (notifier.periodic(), admission.periodic(), authenticator.periodic()):
            stack.callback(periodic.start().cancel)
        yield RunningApi(create_app(backend), notifier.close)


def _minute_limits(settings: Settings, stack: AsyncExitStack) -> RateLimiter:
    local = InMemoryRateLimiter()
    if settings.limits_url is None:
        return local
    shared = SharedRateLimiter(settings.limits_url, local)
    stack.push_async_callback(shared.close)
    return shared
