"""Pools through PgBouncer in transaction mode."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from linkskipper.database import DedicatedConnection, Pool, open_connection, open_pool, pgbouncer, require_session
from linkskipper.database.pool import SESSION
from linkskipper.errors import DatabaseError, DatabaseUnavailable
from linkskipper.periodic import cancel_all
from support.pgbouncer import SERVER_CONNECTIONS, run_pgbouncer

CLIENTS = 10


@pytest.fixture
async def pgbouncer_url(database_url: str) -> AsyncIterator[str]:
    """The URL of a fresh database through PgBouncer."""
    async with run_pgbouncer(database_url) as url:
        yield url


@pytest.fixture
async def shared_pool(pgbouncer_url: str) -> AsyncIterator[Pool]:
    """A pool with more connections than PgBouncer has."""
    pool = await open_pool(pgbouncer_url, size=CLIENTS, through_pgbouncer=True)
    yield pool
    pool.terminate()


async def test_simultaneous_statements(shared_pool: Pool) -> None:
    """Each of many simultaneous clients gets the rows of its own statements, although they share server connections."""
    servers = set()

    async def work(number: int) -> None:
        dedicated = DedicatedConnection(shared_pool)
        for turn in range(20):
            name = f"column_{number}_{turn}"
            assert (await dedicated.fetch(f"SELECT $1::integer AS {name}", turn))[0][name] == turn
            servers.add(await shared_pool.fetchval(f"SELECT pg_backend_pid() + 0 * $1 AS {name}", number))

    await asyncio.gather(*(work(number) for number in range(CLIENTS // 2)))
    assert len(servers) <= SERVER_CONNECTIONS


async def test_time_limits_of_transactions(shared_pool: Pool, pgbouncer_url: str) -> None:
    """Each transaction has the time limits of the service, and leaves none behind for other clients of PgBouncer."""
    assert await shared_pool.fetchval("SHOW statement_timeout") == "8s"
    assert await shared_pool.fetchval("SHOW lock_timeout") == "5s"
    assert await shared_pool.execute("SELECT FROM pg_settings WHERE name = 'lock_timeout' AND setting = '5000'") == (
        "SELECT 1"
    )
    async with shared_pool.acquire() as connection, connection.transaction():
        assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "4s"
    other = await asyncpg.connect(pgbouncer_url, statement_cache_size=0)
    async with other.transaction():
        assert await other.fetchval("SHOW statement_timeout") == "0"
    await other.close()


async def test_errors_roll_back(shared_pool: Pool) -> None:
    """A transaction that fails is rolled back as a whole, and the pool continues."""
    await shared_pool.execute("CREATE TABLE numbers (n integer PRIMARY KEY)")

    async def insert_twice() -> None:
        async with shared_pool.acquire() as connection, connection.transaction():
            await connection.executemany("INSERT INTO numbers VALUES ($1)", [(1,), (2,)])
            await connection.execute("INSERT INTO numbers VALUES ($1)", 1)

    with pytest.raises(asyncpg.UniqueViolationError):
        await insert_twice()
    assert await shared_pool.fetchval("SELECT count(*) FROM numbers") == 0
    await shared_pool.execute("INSERT INTO numbers VALUES ($1)", 1)
    assert await shared_pool.fetchval("SELECT count(*) FROM numbers") == 1


async def test_a_statement_over_its_time(pgbouncer_url: str) -> None:
    """A statement that takes too long counts as a lost connection, and the next one works."""
    pool = await open_pool(pgbouncer_url, size=1, statement_seconds=0.5, through_pgbouncer=True)
    with pytest.raises((DatabaseUnavailable, asyncpg.QueryCanceledError)):
        await pool.fetchval("SELECT pg_sleep($1)", 60)
    async with asyncio.timeout(30):
        while True:
            try:
                assert await pool.fetchval("SELECT 1 + $1", 1) == 2
                break
            except DatabaseUnavailable:
                await asyncio.sleep(0.1)
    pool.terminate()


async def test_a_session_through_pgbouncer(pgbouncer_url: str) -> None:
    """Connections that listen are refused in words."""
    for refused in (open_connection(pgbouncer_url), open_pool(pgbouncer_url, size=1)):
        with pytest.raises(DatabaseError, match="LINKSKIPPER_DATABASE_DIRECT_URL"):
            await refused


async def test_a_session_that_is_not_kept(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor finds a PgBouncer that lets sessions pass and does not keep them, idle or busy with other clients."""
    async with run_pgbouncer(database_url, ignored=",".join(SESSION)) as url:
        await require_session(database_url)
        (await open_connection(url)).terminate()
        monkeypatch.setattr(pgbouncer, "NOTICE_SECONDS", 0.5)
        pool = await open_pool(url, size=CLIENTS, through_pgbouncer=True)
        for clients in (0, 1, CLIENTS):
            traffic = [asyncio.create_task(keep_asking(pool)) for _ in range(clients)]
            with pytest.raises(DatabaseError, match="LINKSKIPPER_DATABASE_DIRECT_URL"):
                await require_session(url)
            assert not any(task.done() for task in traffic)
            if traffic:
                await cancel_all(traffic)
        pool.terminate()


async def keep_asking(pool: Pool) -> None:
    """Run statements through PgBouncer, one after another."""
    while True:
        await pool.fetchval("SELECT 1 + $1", 1)


async def test_pgbouncer_that_ends(database_url: str) -> None:
    """A PgBouncer that is gone counts as a database that is away."""
    async with run_pgbouncer(database_url) as url:
        pool = await open_pool(url, size=1, through_pgbouncer=True)
    with pytest.raises(DatabaseUnavailable):
        await pool.fetchval("SELECT 1 + $1", 1)
    pool.terminate()
