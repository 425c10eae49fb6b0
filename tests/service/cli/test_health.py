"""`linkskipper health`, and what a worker shows of itself on the monitor port."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from support.processes import COMMAND, GUARD_SECONDS, Ended, environment, run


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, Any]:
    """Return the settings of a worker with a monitor port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    return {
        "LINKSKIPPER_DATABASE_URL": database_url,
        "LINKSKIPPER_DATA_DIR": str(tmp_path),
        "LINKSKIPPER_MONITOR_HOST": "0.0.0.0",  # noqa: S104 - the command must ask another address
        "LINKSKIPPER_MONITOR_PORT": port,
    }


@asynccontextmanager
async def working(settings: dict[str, Any]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(COMMAND, "worker", env=environment(**settings))
    try:
        yield
    finally:
        process.terminate()
        async with asyncio.timeout(GUARD_SECONDS):
            await process.wait()


async def until(code: int, settings: dict[str, Any]) -> Ended:
    """Ask for the health until the command ends with a code."""
    async with asyncio.timeout(GUARD_SECONDS):
        while (ended := await run("health", **settings)).code != code:
            await asyncio.sleep(0.2)
    return ended


async def test_the_health_of_a_worker(settings: dict[str, Any]) -> None:
    """It is ready, then not ready because of the schema but alive, and then gone."""
    async with working(settings):
        assert (await until(0, settings)).out == "ok\n"
        async with aiohttp.ClientSession() as session:
            address = f"http://127.0.0.1:{settings['LINKSKIPPER_MONITOR_PORT']}"
            async with session.get(f"{address}/metrics") as response:
                assert "linkskipper_jobs_ended_total" in await response.text()
            async with session.get(f"{address}/v1/account") as response:
                assert response.status == 404
        database = await asyncpg.connect(settings["LINKSKIPPER_DATABASE_URL"])
        await database.execute("ALTER TABLE schema_migrations RENAME TO elsewhere")
        await database.close()
        assert "The service is not ready: " in (await until(1, settings)).error
        assert (await run("health", "--live", **settings)).code == 0
    assert "The service does not answer: " in (await run("health", "--live", **settings)).error
