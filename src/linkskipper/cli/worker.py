"""linkskipper worker"""

from contextlib import AsyncExitStack
from typing import Annotated

import structlog
import typer

from linkskipper.catalog import Tier
from linkskipper.cli.database import find_database
from linkskipper.cli.options import DataDirOption
from linkskipper.cli.startup import start, warn_of_unsafe
from linkskipper.service import process
from linkskipper.service.catalogs import live_catalog
from linkskipper.service.database import checked_pool, database
from linkskipper.service.monitor import monitoring
from linkskipper.service.worker import TIERS, run_workers

log = structlog.get_logger()


def worker(
    tier: Annotated[
        Tier | None,
        typer.Option("--tier", metavar="TIER", help="Resolve only standard or premium links.", show_default="both"),
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Run a worker, which takes links from the queue and resolves them.

    Any number of workers can run on the same database.
    """
    settings = find_database(start(data_dir=data_dir))
    warn_of_unsafe(settings)
    tiers = TIERS if tier is None else (tier,)

    async def main(url: str) -> None:
        async with AsyncExitStack() as stack:
            stop = stack.enter_context(process.stop_requested())
            pool = await stack.enter_async_context(checked_pool(settings, url))
            catalog = stack.enter_context(live_catalog(settings))
            workers = await stack.enter_async_context(run_workers(settings, url, pool, catalog, tiers))
            await stack.enter_async_context(monitoring(settings, pool, lambda: workers.ready))
            log.info("worker.ready", tiers=tiers)
            await process.stay(stop)

    with database(settings) as url:
        process.run(main(url))
