"""The API of one process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple

import structlog
from litestar.types import ASGIApp

from linkskipper.api import Backend, RollingWindow, SharedWindow, Windows, create_app
from linkskipper.app.background import keep_running
from linkskipper.app.database import link_cache
from linkskipper.app.workers import Workers
from linkskipper.catalog import Catalog
from linkskipper.jobs import JobReader, Submitter, Watch
from linkskipper.keys import Authenticator, WebhookSecrets, load_keyring
from linkskipper.providers import Gate, Measured
from linkskipper.settings import Settings
from linkskipper.storage import AWAY, Pool

log = structlog.get_logger()

NOTE_USE_SECONDS = 5


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
            stack.callback(keep_running(each).cancel)
        yield RunningApi(create_app(backend), watch.close)


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
