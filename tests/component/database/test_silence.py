"""Processes whose connection to the database breaks without a message: neither side waits for the other."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from linkskipper.database import Pool, open_connection, open_pool
from linkskipper.errors import DatabaseUnavailable
from support.factories import make_key
from support.far_host import far_host

NOTICED_SECONDS = 10


async def test_a_vanished_server_is_noticed(database_url: str) -> None:
    """Statements fail, and idle connections end, within 10 seconds after the server has vanished."""
    parts = urlsplit(database_url)
    socket_file = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
    with far_host() as host, host.forwarding(socket_file):
        url = f"postgresql://postgres@{host.address}:5432{parts.path}"
        busy, idle = await open_connection(url), await open_connection(url)
        pool = await open_pool(url, size=1)
        lost = asyncio.Event()
        idle.add_termination_listener(lambda _: lost.set())
        host.pull_cable()
        async with asyncio.timeout(NOTICED_SECONDS):
            results = await asyncio.gather(
                busy.fetchval("SELECT 1"), pool.fetchval("SELECT 1"), lost.wait(), return_exceptions=True
            )
        assert [type(result) for result in results] == [DatabaseUnavailable, DatabaseUnavailable, bool]
        pool.terminate()


async def test_locks_of_a_silent_process_are_released(database_url: str, pool: Pool) -> None:
    """A process that falls silent in a transaction loses it. Another process waits for its locks a few seconds."""
    key_id = await make_key(pool)
    change = "UPDATE api_keys SET name = 'x' WHERE id = $1"
    silent = await open_connection(database_url)
    await silent.transaction().start()
    await silent.execute(change, key_id)
    async with asyncio.timeout(NOTICED_SECONDS):
        await pool.execute(change, key_id)
    with pytest.raises(DatabaseUnavailable):
        await silent.execute(change, key_id)
