"""linkskipper serve"""

import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from linkskipper.cli import logs, running, welcome
from linkskipper.cli.api import serve_http
from linkskipper.cli.options import HostOption, NewDataDirOption, PortOption
from linkskipper.cli.output import command, note
from linkskipper.cli.startup import start, warn_of_unsafe
from linkskipper.cli.worker_process import COMMAND as WORKER_COMMAND
from linkskipper.lab import Lab
from linkskipper.service import process
from linkskipper.service.api import WorkersStatus
from linkskipper.service.catalogs import live_catalog
from linkskipper.service.database import checked_pool, database
from linkskipper.service.migrate import migrate
from linkskipper.service.supervisor import WorkerProcesses, run_worker_processes
from linkskipper.service.worker import TIERS, run_workers
from linkskipper.service.worker_messages import WorkerOrders
from linkskipper.settings import Settings


def serve(
    host: HostOption = None,
    port: PortOption = None,
    data_dir: NewDataDirOption = None,
    workers: Annotated[
        str | None,
        typer.Option(
            "--workers",
            metavar="NUMBER",
            help="Worker processes besides the API process. auto is one less than the cores. 0 is one process for all.",
            show_default="LINKSKIPPER_WORKERS or auto",
        ),
    ] = None,
    *,
    lab: Annotated[
        bool | None,
        typer.Option(
            "--lab",
            help="Also run the lab: local shorteners, to try the service without internet.",
            show_default="LINKSKIPPER_LAB or off",
        ),
    ] = None,
) -> None:
    """Run everything on this machine: database, migrations, API, workers.

    The first start creates an account and a key, and prints the key once.
    """
    settings = start(host=host, port=port, data_dir=data_dir, workers=workers, lab=lab)
    if settings.workers:
        logs.configure(settings, process="api")
    warn_of_unsafe(settings)
    listener = process.listen(settings.host, settings.port)
    address = process.address_of(listener)

    async def main(url: str) -> None:
        async with AsyncExitStack() as stack:
            stop = stack.enter_context(process.stop_requested())
            shorteners = await _start_lab(stack, settings) if settings.lab else None
            routed = settings if shorteners is None else _route_to_lab(settings, shorteners)
            await migrate(url)
            pool = await stack.enter_async_context(checked_pool(settings, url))
            beneath = [shorteners.providers_dir] if shorteners else []
            catalog = stack.enter_context(live_catalog(settings, beneath=beneath))
            running_workers: WorkersStatus
            if settings.workers:
                running_workers = await _start_processes(stack, routed, url, beneath)
            else:
                running_workers = await stack.enter_async_context(run_workers(routed, url, pool, catalog, TIERS))
            samples = shorteners.samples if shorteners else ()
            await serve_http(
                stack, settings, url, pool, catalog, listener, workers=running_workers, sample_links=samples
            )
            stack.enter_context(running.recorded(settings, address))
            await welcome.greet(settings, pool, address, shorteners)
            await process.stay(stop)

    _show_progress(settings)
    with listener, database(settings) as url:
        process.run(main(url))


def _show_progress(settings: Settings) -> None:
    """Tell a person who waits that the database starts. The first start takes some seconds."""
    if sys.stderr.isatty() and not settings.log_json and settings.database_url is None:
        note(f"Starting the database in {settings.data_dir} …")


async def _start_processes(
    stack: AsyncExitStack, settings: Settings, url: str, beneath: Sequence[Path]
) -> WorkerProcesses:
    orders = [WorkerOrders(f"worker {number}", settings, url, beneath) for number in range(1, settings.workers + 1)]
    return await stack.enter_async_context(run_worker_processes(WORKER_COMMAND, orders))


async def _start_lab(stack: AsyncExitStack, settings: Settings) -> Lab:
    state_dir = settings.data_dir / "lab"
    state_dir.mkdir(parents=True, exist_ok=True)
    return await stack.enter_async_context(Lab(port=settings.lab_port, state_dir=state_dir, command=command()))


def _route_to_lab(settings: Settings, lab: Lab) -> Settings:
    """Lead the workers to the lab's hosts, and make them trust its certificates."""
    return settings.model_copy(
        update={
            "host_map": (*settings.host_map, *lab.host_map),
            "extra_ca": _authorities(settings.extra_ca, lab.ca_file),
        }
    )


def _authorities(extra_ca: Path | None, lab_ca: Path) -> Path:
    """Return a file with the authority of the settings, if there is one, and that of the lab."""
    if extra_ca is None:
        return lab_ca
    bundle = lab_ca.with_name("authorities.pem")
    bundle.write_text(f"{extra_ca.read_text()}\n{lab_ca.read_text()}")
    return bundle
