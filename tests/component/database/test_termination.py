"""Listeners for the end of a connection are notified, whatever the connection did when it ended."""

import asyncio

import pytest

from linkskipper.database import Connection, Pool, open_connection, open_pool
from linkskipper.errors import DatabaseUnavailable
from support.slow_end import slow_end

CUT = "SELECT pg_terminate_backend($1)"


async def pid_of(connection: Connection) -> int:
    return int(await connection.fetchval("SELECT pg_backend_pid()"))


def listen(connection: Connection) -> asyncio.Event:
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    return ended


async def test_an_idle_connection(pool: Pool, database_url: str) -> None:
    """The end of an idle connection is notified."""
    connection = await open_connection(database_url)
    ended = listen(connection)
    await pool.execute(CUT, await pid_of(connection))
    await ended.wait()


async def test_in_the_middle_of_a_statement(pool: Pool, database_url: str) -> None:
    """The end of a connection during a statement is notified."""
    connection = await open_connection(database_url)
    ended, pid = listen(connection), await pid_of(connection)
    statement = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
    await asyncio.sleep(0)
    await pool.execute(CUT, pid)
    with pytest.raises(DatabaseUnavailable):
        await statement
    await ended.wait()


@pytest.mark.parametrize("again", [1, 3])
async def test_a_statement_after_the_servers_last_word(again: int, pool: Pool, database_url: str) -> None:
    """The end is notified if a statement begins after the server's last message, before the connection is closed."""
    async with slow_end(database_url) as way:
        connection = await open_connection(way.url)
        ended = listen(connection)
        await pool.execute(CUT, await pid_of(connection))
        await way.server_ended.wait()
        for _ in range(again):
            with pytest.raises(DatabaseUnavailable):
                await connection.execute("SELECT 1")
        await ended.wait()


async def test_a_pool_after_the_servers_last_word(pool: Pool, database_url: str) -> None:
    """A pool replaces a connection if a statement notices its end before the notification."""
    async with slow_end(database_url) as way:
        small = await open_pool(way.url, size=1)
        await pool.execute(CUT, await small.fetchval("SELECT pg_backend_pid()"))
        await way.server_ended.wait()
        with pytest.raises(DatabaseUnavailable):
            await small.fetchval("SELECT 1")
        assert await small.fetchval("SELECT 1") == 1
        small.terminate()
