"""Run all checks. One that fails does not keep the others from running."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from linkskipper.database import EmbeddedServer, Pool, open_pool
from linkskipper.errors import OperatorError
from linkskipper.service.database import database
from linkskipper.service.doctor import database_checks, machine_checks
from linkskipper.service.doctor.result import CheckResult
from linkskipper.settings import Settings


def examine(settings: Settings) -> list[CheckResult]:
    """Return the result of every check, those of the database first."""
    return [*_examine_database(settings), *asyncio.run(_examine_machine(settings))]


def _examine_database(settings: Settings) -> list[CheckResult]:
    if settings.database_url is None and not EmbeddedServer(settings.data_dir).exists:
        found = f"There is no database in {settings.data_dir}."
        return [CheckResult("database", "problem", found, "Start the service, or name another with --data-dir.")]
    try:
        with database(settings) as url:
            return asyncio.run(_check_database(settings, url))
    except OperatorError as error:
        action = "Start the server, or correct LINKSKIPPER_DATABASE_URL or the data directory."
        return [CheckResult("database", "problem", str(error), action)]


async def _check_database(settings: Settings, url: str) -> list[CheckResult]:
    pool: Pool = await open_pool(url, size=1)
    try:
        results = [await database_checks.check_server(pool), await database_checks.check_schema(pool)]
        if results[-1].state == "ok":
            for name, check in database_checks.OF_DATA.items():
                results.append(await _run(name, partial(check, settings, pool)))
        return results
    finally:
        pool.terminate()


async def _examine_machine(settings: Settings) -> list[CheckResult]:
    checks = machine_checks.CHECKS.items()
    return [await _run(name, partial(check, settings)) for name, check in checks]


async def _run(name: str, check: Callable[[], Awaitable[CheckResult]]) -> CheckResult:
    try:
        return await check()
    except OperatorError as error:
        return CheckResult(name, "problem", str(error), "Correct what the message names.")
