"""Serve what monitoring calls on a port of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from linkskipper.api import monitor_api
from linkskipper.database import Pool
from linkskipper.service import http_server, process
from linkskipper.settings import Settings


@asynccontextmanager
async def monitoring(settings: Settings, pool: Pool, workers_ready: Callable[[], bool]) -> AsyncIterator[None]:
    """Serve /healthz, /readyz and /metrics until the context ends, if LINKSKIPPER_MONITOR_PORT is set.

    Raises:
        PortInUseError: the port cannot be used.
    """
    if settings.monitor_port is None:
        yield
        return
    setting = "LINKSKIPPER_MONITOR_PORT"
    with process.listen(settings.monitor_host, settings.monitor_port, setting=setting) as listener:
        base_url = settings.public_url or process.address_of(listener)
        app = monitor_api(base_url, pool, workers_ready)
        async with http_server.serving(app, listener, base_url=base_url):
            yield
