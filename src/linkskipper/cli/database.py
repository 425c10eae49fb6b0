"""Commands that work on the database: find it, reach it, run the work."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from linkskipper.cli.output import note
from linkskipper.cli.running import RunningService, running_services
from linkskipper.cli.startup import start
from linkskipper.database import OUT_OF_RANGE, EmbeddedServer, Pool
from linkskipper.errors import OperatorError, SettingsError
from linkskipper.service.database import checked_pool, database
from linkskipper.service.migrate import migrate
from linkskipper.settings import Settings

WorkResult = TypeVar("WorkResult")


def with_database(data_dir: Path | None, work: Callable[[Settings, Pool], Awaitable[WorkResult]]) -> WorkResult:
    """Run the work on the database of the settings. Create and migrate an embedded one first.

    Raises:
        OperatorError: the database cannot be used.
    """
    return work_on(find_database(start(data_dir=data_dir)), work)


def work_on(settings: Settings, work: Callable[[Settings, Pool], Awaitable[WorkResult]]) -> WorkResult:
    """Run the work on the database of these settings, as with_database does.

    Raises:
        OperatorError: the database cannot be used.
    """

    async def run(url: str) -> WorkResult:
        if settings.database_url is None:
            await migrate(url)
        async with checked_pool(settings, url) as pool:
            return await work(settings, pool)

    with database(settings) as url:
        try:
            return asyncio.run(run(url))
        except OUT_OF_RANGE:
            raise OperatorError("A number or a balance is too large. The maximum is 9223372036854775807.") from None


def find_database(settings: Settings) -> Settings:
    """If the settings name no database, use that of the service that runs on this machine. Print its address.

    Raises:
        SettingsError: several services run, or the service's database is not an embedded one.
    """
    if settings.database_url is not None or "data_dir" in settings.model_fields_set:
        return settings
    services = running_services()
    data_dirs = {service.data_dir for service in services}
    if len(data_dirs) > 1:
        raise SettingsError(f"Several services run: {_list(services)}. Choose one with --data-dir.")
    if any(not service.embedded for service in services):
        raise SettingsError(f"The service at {services[0].url} uses LINKSKIPPER_DATABASE_URL. Set it for this command.")
    if not services:
        _note_default(settings)
        return settings
    note(f"Using the database of the service at {services[0].url} ({services[0].data_dir}).")
    return settings.model_copy(update={"data_dir": services[0].data_dir})


def has_database(settings: Settings) -> bool:
    """Whether there is a database to find without creating one."""
    if settings.database_url is not None or EmbeddedServer(settings.data_dir).exists:
        return True
    return "data_dir" not in settings.model_fields_set and bool(running_services())


def _note_default(settings: Settings) -> None:
    state = "Using the" if EmbeddedServer(settings.data_dir).exists else "Creating a"
    note(f"{state} database in {settings.data_dir}. Choose another with --data-dir or LINKSKIPPER_DATA_DIR.")


def _list(services: list[RunningService]) -> str:
    return ", ".join(f"{service.url} ({service.data_dir})" for service in services)
