"""DatabaseUnavailable means that the database does not answer, and only that."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from linkskipper.database import DedicatedConnection, EmbeddedServer, Pool, open_connection, open_pool
from linkskipper.database.batching import Batcher
from linkskipper.database.retry import until_available
from linkskipper.errors import DatabaseError, DatabaseUnavailable, LockTimeout
from support.factories import make_keys
from support.service import named

WRONG = {
    "a wrong number of arguments": ("SELECT $1::integer", (1, 2)),
    "a wrong type of argument": ("SELECT $1::integer", ("x",)),
    "an unknown column": ("SELECT nothing_of_that_name", ()),
    "broken SQL": ("SELECT FROM WHERE", ()),
}


@pytest.fixture
async def own_server(data_dir: Path) -> AsyncIterator[str]:
    """The URL of a server of the test's own, whose connections the test may kill."""
    server = EmbeddedServer(data_dir)
    yield server.join()
    server.leave()


async def kill_backends(url: str) -> None:
    """End every other connection to the server, as a crash of the server does."""
    connection = await asyncpg.connect(url)
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    await connection.close()


@pytest.mark.parametrize(("statement", "arguments"), WRONG.values(), ids=WRONG)
async def test_a_wrong_call_fails_at_once(pool: Pool, statement: str, arguments: tuple[object, ...]) -> None:
    """A programming error does not count as an outage, however it reaches the database."""
    dedicated = DedicatedConnection(pool)

    async def run_batch(_: list[int]) -> list[object]:
        return [await pool.fetch(statement, *arguments)]

    async def in_transaction() -> object:
        async with pool.acquire() as connection, connection.transaction():
            return await connection.execute(statement, *arguments)

    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: pool.fetch(statement, *arguments),
        lambda: pool.fetchrow(statement, *arguments),
        lambda: pool.fetchval(statement, *arguments),
        lambda: pool.execute(statement, *arguments),
        lambda: dedicated.fetch(statement, *arguments),
        lambda: Batcher(run_batch)(1),
        lambda: until_available(lambda: pool.fetch(statement, *arguments), abandoned=asyncio.Event()),
        in_transaction,
    ]
    for call in calls:
        with pytest.raises((asyncpg.InterfaceError, asyncpg.PostgresError)):
            await call()
    assert await pool.fetchval("SELECT 1") == 1


async def test_a_closed_connection_in_the_middle_of_use(database_url: str) -> None:
    """A connection that the server ends is unavailable, in a statement and afterwards."""
    connection = await open_connection(database_url)
    sleeping = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
    await asyncio.sleep(0)
    pid = connection.get_server_pid()
    killer = await open_connection(database_url)
    while not await killer.fetchval("SELECT state = 'active' FROM pg_stat_activity WHERE pid = $1", pid):
        await asyncio.sleep(0.01)
    await killer.execute("SELECT pg_terminate_backend($1)", pid)
    with pytest.raises(DatabaseUnavailable):
        await sleeping
    with pytest.raises(DatabaseUnavailable):
        await connection.fetch("SELECT 1")
    await killer.close()


async def test_a_transaction_whose_connection_is_lost(own_server: str) -> None:
    """A transaction that loses its connection ends as unavailable. The pool continues with a new connection."""
    pool = await open_pool(own_server, size=2)

    async def transaction() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await kill_backends(own_server)
            await connection.execute("SELECT 1")

    with pytest.raises(DatabaseUnavailable):
        await transaction()
    assert await pool.fetchval("SELECT 1") == 1
    pool.terminate()


async def test_a_killed_server(data_dir: Path) -> None:
    """A server that was killed is unavailable to pools and to new connections."""
    server = EmbeddedServer(data_dir)
    url = server.join()
    pool = await open_pool(url, size=1)
    postmaster = int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    os.waitpid(postmaster, 0)
    with pytest.raises(DatabaseUnavailable):
        await open_connection(url)
    with pytest.raises(DatabaseUnavailable):
        await ask_until_lost(pool)
    pool.terminate()
    with suppress(DatabaseError):
        server.leave()


async def ask_until_lost(pool: Pool) -> None:
    """A backend outlives its postmaster for a moment."""
    while True:
        await pool.fetchval("SELECT 1")


async def test_too_many_connections(own_server: str) -> None:
    """A server that takes no more connections is unavailable, not misconfigured."""
    opened = await asyncio.gather(*(open_connection(own_server) for _ in range(300)), return_exceptions=True)
    refusals = [result for result in opened if isinstance(result, BaseException)]
    assert refusals
    assert all(isinstance(refusal, DatabaseUnavailable) for refusal in refusals)
    for connection in opened:
        if not isinstance(connection, BaseException):
            await connection.close()


async def test_a_server_that_hangs(database_url: str) -> None:
    """A statement over its time limit counts as unavailable."""
    pool = await open_pool(database_url, size=1)
    with pytest.raises(DatabaseUnavailable):
        await pool.fetchval("SELECT pg_sleep(60)", timeout=0.05)
    pool.terminate()


async def test_a_connection_that_never_begins_is_given_back(own_server: str) -> None:
    """A dedicated connection whose first statement is not answered leaves its place in the pool."""
    pool = await open_pool(own_server, size=1, statement_seconds=0.2)
    async with pool.acquire() as connection:
        backend = connection.get_server_pid()
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(DatabaseUnavailable):
            await DedicatedConnection(pool).fetch("SELECT 1")
    finally:
        os.kill(backend, signal.SIGCONT)
    assert await pool.fetchval("SELECT 1") == 1
    pool.terminate()


async def test_a_pool_that_closes(database_url: str) -> None:
    """Calls that come while the process stops are unavailable."""
    pool = await open_pool(database_url, size=1)
    pool.terminate()
    with pytest.raises(DatabaseUnavailable):
        await pool.fetchval("SELECT 1")


async def test_a_refused_login_is_not_an_outage(server_url: str) -> None:
    """A database that does not exist is an error to mend, which nobody waits out."""
    with pytest.raises(DatabaseError) as caught:
        await open_pool(named(server_url, "no_such_database"), size=1)
    assert not isinstance(caught.value, DatabaseUnavailable)


async def test_a_call_is_repeated_until_the_database_answers(own_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that was done outside is written down once the database is back."""
    monkeypatch.setattr("linkskipper.database.retry.RETRY_SECONDS", 0.01)
    pool = await open_pool(own_server, size=1)
    tries = []

    async def call() -> object:
        tries.append(1)
        async with pool.acquire() as connection:
            if len(tries) < 3:
                await kill_backends(own_server)
            return await connection.fetchval("SELECT 1")

    assert await until_available(call, abandoned=asyncio.Event()) == 1
    assert len(tries) == 3
    pool.terminate()


async def test_a_deadlock_is_repeated(pool: Pool) -> None:
    """Of two transactions that wait for each other, the one that PostgreSQL ends runs again."""
    keys = await make_keys(pool, 2)
    both_hold = asyncio.Barrier(2)
    tries = []

    async def lock(first: int, second: int) -> None:
        tries.append(first)
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT FROM api_keys WHERE id = $1 FOR UPDATE", first)
            if tries.count(first) == 1:
                await both_hold.wait()
            await connection.execute("SELECT FROM api_keys WHERE id = $1 FOR UPDATE", second)

    calls = (partial(lock, *keys), partial(lock, *reversed(keys)))
    await asyncio.gather(*(until_available(call, abandoned=asyncio.Event()) for call in calls))
    assert len(tries) > 2  # the second try may meet the same fate


async def test_a_lock_that_others_keep(database_url: str, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that waits too long for a lock may succeed later, and its connection stays."""
    monkeypatch.setattr("linkskipper.database.pool.LOCK_SECONDS", 0.2)
    waiting_pool = await open_pool(database_url, size=1)
    waiting_own = await open_connection(database_url, statement_seconds=60)
    async with pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE accounts")
        for waiting in (waiting_pool, waiting_own):
            pid = await waiting.fetchval("SELECT pg_backend_pid()")
            with pytest.raises(LockTimeout):
                await waiting.fetchval("SELECT count(*) FROM accounts")
            assert await waiting.fetchval("SELECT pg_backend_pid()") == pid
    assert await waiting_own.fetchval("SELECT count(*) FROM accounts") == 0
    waiting_pool.terminate()
    waiting_own.terminate()
