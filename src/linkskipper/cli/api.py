"""linkskipper api"""

import socket
from contextlib import AsyncExitStack

import structlog

from linkskipper.catalog import Catalog
from linkskipper.cli.database import find_database
from linkskipper.cli.options import DataDirOption, HostOption, PortOption
from linkskipper.cli.startup import start, warn_of_unsafe
from linkskipper.database import Pool
from linkskipper.service import http_server, process
from linkskipper.service.api import WorkersStatus, run_api
from linkskipper.service.catalogs import live_catalog
from linkskipper.service.database import checked_pool, database
from linkskipper.service.http_server import ConnectionLimits
from linkskipper.service.monitor import monitoring
from linkskipper.settings import Settings

log = structlog.get_logger()


def api(host: HostOption = None, port: PortOption = None, data_dir: DataDirOption = None) -> None:
    """Run the HTTP API alone. Workers run in other processes on the same database."""
    settings = find_database(start(host=host, port=port, data_dir=data_dir))
    warn_of_unsafe(settings)
    listener = process.listen(settings.host, settings.port)
    address = process.address_of(listener)

    async def main(url: str) -> None:
        async with AsyncExitStack() as stack:
            stop = stack.enter_context(process.stop_requested())
            pool = await stack.enter_async_context(checked_pool(settings, url))
            catalog = stack.enter_context(live_catalog(settings))
            await serve_http(stack, settings, url, pool, catalog, listener, workers=None)
            log.info("api.ready", address=address)
            await process.stay(stop)

    with listener, database(settings) as url:
        process.run(main(url))


async def serve_http(
    stack: AsyncExitStack,
    settings: Settings,
    url: str,
    pool: Pool,
    catalog: Catalog,
    listener: socket.socket,
    *,
    workers: WorkersStatus | None,
    sample_links: tuple[tuple[str, str], ...] = (),
) -> None:
    """Serve the API and the dashboard on a listening socket until the stack is closed."""
    base_url = settings.public_url or process.address_of(listener)
    running = await stack.enter_async_context(
        run_api(settings, url, pool, catalog, base_url=base_url, workers=workers, sample_links=sample_links)
    )
    proxies = settings.trusted_proxies
    limits = ConnectionLimits(settings.max_connections, settings.max_connections_per_address, proxies)
    await stack.enter_async_context(
        http_server.serving(running.app, listener, base_url=base_url, end_waits=running.end_waits, limits=limits)
    )
    await stack.enter_async_context(monitoring(settings, pool, lambda: workers is None or workers.ready))
