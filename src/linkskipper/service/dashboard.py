"""Build the dashboard of one process."""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from functools import partial

from linkskipper.accounts import Keyring, WebhookSecrets
from linkskipper.api import RateLimiter, Services
from linkskipper.api.pages.html import STYLE
from linkskipper.api.pages.snippets import resolve_snippets
from linkskipper.dashboard import Dashboard, DashboardServices
from linkskipper.jobs import JobCompleter
from linkskipper.people import Credentials, Passwords, SecondFactor, Sessions, SignIn
from linkskipper.service.database import link_cache, shared_pool
from linkskipper.service.installation import Examiner, shown
from linkskipper.settings import Settings
from linkskipper.traces import Tracer
from linkskipper.usage import UsageCounter

CONNECTIONS = 3  # so that no page takes a connection from the API
STATEMENT_SECONDS = 2


@asynccontextmanager
async def run_dashboard(
    settings: Settings,
    url: str,
    services: Services,
    keyring: Keyring,
    *,
    usage: UsageCounter,
    tracer: Tracer | None,
    samples: tuple[tuple[str, str], ...],
) -> AsyncIterator[Dashboard]:
    """Provide the dashboard. Its connections are opened with the first page."""
    pool = await shared_pool(settings, url, size=CONNECTIONS, least=0, statement_seconds=STATEMENT_SECONDS)
    try:
        sessions, passwords, second_factor = Sessions(pool), Passwords(), SecondFactor(pool, keyring)
        yield Dashboard(
            DashboardServices(
                base_url=services.base_url,
                hosts=settings.dashboard_hosts,
                style=STYLE,
                pool=pool,
                keyring=keyring,
                webhook_secrets=WebhookSecrets(pool, keyring),
                catalog=services.catalog,
                sessions=sessions,
                sign_in=SignIn(
                    pool,
                    keyring=keyring,
                    authenticator=services.authenticator,
                    sessions=sessions,
                    passwords=passwords,
                    second_factor=second_factor,
                ),
                credentials=Credentials(pool, sessions, passwords, second_factor),
                second_factor=second_factor,
                job_submitter=services.job_submitter,
                job_notifier=services.job_notifier,
                admission=services.admission,
                provider_stats=services.provider_stats,
                sample_links=samples,
                request_log_days=settings.request_log_days,
                topup_links=services.topup_links,
                job_completer=JobCompleter(
                    pool, link_cache(settings, pool), usage, tracer, writes_lines=settings.log_requests
                ),
                workers_ready=services.workers_ready,
                examine=Examiner(settings, pool).examine,
                shown_settings=shown(settings),
                count_call=_call_counter(services.rate_limiter),
                snippets=partial(resolve_snippets, services.base_url),
            )
        )
    finally:
        pool.terminate()


def _call_counter(limiter: RateLimiter) -> Callable[[Hashable, int], Awaitable[int | None]]:
    """Return what counts calls of the dashboard, in the same windows as those of the API."""

    async def count(caller: Hashable, limit: int) -> int | None:
        window = await limiter.hit(caller, limit)
        return None if window.allowed else window.reset_seconds

    return count
