"""A database that hangs, and one that several processes write the same rows of."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from linkskipper.accounts import queries
from linkskipper.database import Pool
from support.factories import make_keys
from support.hanging import hanging
from support.service import run_service

KEYS = 200


async def test_readiness(server_url: str, database_url: str, tmp_path: Path) -> None:
    """The readiness shows within seconds that a server hangs, and that it continues."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        async with hanging(service, server_url), asyncio.timeout(5), service.session.get("/readyz") as answer:
            assert (answer.status, await answer.text()) == (503, "the database does not answer\n")
        async with asyncio.timeout(10):
            while True:
                async with service.session.get("/readyz") as answer:
                    if answer.status == 200:
                        break
                await asyncio.sleep(0.1)


async def test_uses_of_keys_are_noted_by_many(pool: Pool) -> None:
    """Processes that note the uses of the same keys, in whatever order, wait for each other and never in a circle."""
    ids = await make_keys(pool, KEYS)
    for _ in range(10):
        at = [datetime.now(UTC)] * KEYS
        orders = (ids, ids[::-1], ids, ids[::-1])
        await asyncio.gather(*(pool.execute(queries.SET_LAST_USED, order, at) for order in orders))
