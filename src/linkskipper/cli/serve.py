"""linkskipper serve, api and worker: the service, whole or in parts."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import structlog
import typer

from linkskipper import settings as settings_module
from linkskipper.cli import logs, welcome
from linkskipper.cli.options import DataDir, Host, Port
from linkskipper.lab import Lab
from linkskipper.service import http_server, process
from linkskipper.service.api import run_api
from linkskipper.service.database import checked_pool, database
from linkskipper.service.migrate import migrate
from linkskipper.service.resolving import live_catalog
from linkskipper.service.worker import TIERS, Tier, run_workers
from linkskipper.settings import Settings

log = structlog.get_logger()


def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    *,
    lab: Annotated[
        bool | None, typer.Option("--lab", help="Also run local shorteners to try it on, without internet.")
    ] = None,
) -> None:
    """Run everything on this machine: database, migrations, API, workers.

    The first start makes an account and a key and prints them once.
    """
    settings = settings_module.load(host=host, port=port, data_dir=data_dir, lab=lab)
    logs.configure(settings)
    listener = process.listen(settings.host, settings.port)
    address = process.address_of(listener)

    async def main(url: str) -> None:
        async with AsyncExitStack() as stack:
            stop = stack.enter_context(process.stop_requested())
            shorteners = await _start_lab(stack, settings) if settings.lab else None
            joined = settings if shorteners is None else _routed_to(settings, shorteners)
            await migrate(url)
            pool = await stack.enter_async_context(checked_pool(settings, url))
            beneath = [shorteners.providers_dir] if shorteners else []
            catalog = stack.enter_context(live_catalog(settings, beneath=beneath))
            workers = await stack.enter_async_context(run_workers(joined, url, pool, catalog, TIERS))
            base_url = settings.public_url or address
            running = await stack.enter_async_context(
                run_api(settings, url, pool, catalog, base_url=base_url, workers=workers)
            )
            await stack.enter_async_context(
                http_server.serving(running.app, listener, base_url=base_url, end_waits=running.end_waits)
            )
            await welcome.greet(settings, pool, address, shorteners)
            await process.stay(stop)

    with listener, database(settings) as url:
        process.run(main(url))


def api(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Run the HTTP API alone; workers run elsewhere, on the same database."""
    settings = settings_module.load(host=host, port=port, data_dir=data_dir)
    logs.configure(settings)
    listener = process.listen(settings.host, settings.port)
    address = process.address_of(listener)

    async def main(url: str) -> None:
        async with AsyncExitStack() as stack:
            stop = stack.enter_context(process.stop_requested())
            pool = await stack.enter_async_context(checked_pool(settings, url))
            base_url = settings.public_url or address
            catalog = stack.enter_context(live_catalog(settings))
            running = await stack.enter_async_context(
                run_api(settings, url, pool, catalog, base_url=base_url, workers=None)
            )
            await stack.enter_async_context(
                http_server.serving(running.app, listener, base_url=base_url, end_waits=running.end_waits)
            )
            log.info("api.ready", address=address)
            await process.stay(stop)

    with listener, database(settings) as url:
        process.run(main(url))


def worker(
    tier: Annotated[Tier | None, typer.Option("--tier", help="Only links of this tier. [default: both]")] = None,
    data_dir: DataDir = None,
) -> None:
    """Run a worker: it takes links from the queue and resolves them. Run as many as wanted."""
    settings = settings_module.load(data_dir=data_dir)
    logs.configure(settings)
    tiers = TIERS if tier is None else (tier,)

    async def main(url: str) -> None:
        async with AsyncExitStack() as stack:
            stop = stack.enter_context(process.stop_requested())
            pool = await stack.enter_async_context(checked_pool(settings, url))
            catalog = stack.enter_context(live_catalog(settings))
            await stack.enter_async_context(run_workers(settings, url, pool, catalog, tiers))
            log.info("worker.ready", tiers=tiers)
            await process.stay(stop)

    with database(settings) as url:
        process.run(main(url))


async def _start_lab(stack: AsyncExitStack, settings: Settings) -> Lab:
    state_dir = settings.data_dir / "lab"
    state_dir.mkdir(parents=True, exist_ok=True)
    return await stack.enter_async_context(Lab(port=settings.lab_port, state_dir=state_dir))


def _routed_to(settings: Settings, shorteners: Lab) -> Settings:
    return settings.model_copy(
        update={
            "host_map": (*settings.host_map, *shorteners.host_map),
            "extra_ca": _authorities(settings.extra_ca, shorteners.ca_file),
        }
    )


def _authorities(extra_ca: Path | None, lab_ca: Path) -> Path:
    """Return a file with the authority of the settings, if there is one, and that of the lab."""
    if extra_ca is None:
        return lab_ca
    bundle = lab_ca.with_name("authorities.pem")
    bundle.write_text(f"{extra_ca.read_text()}\n{lab_ca.read_text()}")
    return bundle
