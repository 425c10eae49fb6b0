"""Connections to PostgreSQL."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from linkskipper.database import pgbouncer
from linkskipper.database.connect import connect_to_first
from linkskipper.database.driver import LOST, SILENCE_SECONDS, MappedConnection, MappedPool, is_lost, reason
from linkskipper.errors import DatabaseError, DatabaseUnavailable

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

CONNECT_SECONDS = 4
STATEMENT_SECONDS = 8  # a server that hangs counts as unavailable
LOCK_SECONDS = 5  # longer than the server waits for a process that was cut off
RELEASE_SECONDS = 2
MAX_QUERIES = 50_000  # statements until a connection is replaced: asyncpg's default
IDLE_SECONDS = 300.0  # until an idle connection is closed: asyncpg's default

# The server ends the transaction of a process that was cut off, so that others do not wait long for its locks.
NAME = {"application_name": "linkskipper"}
TRANSACTION = {"idle_in_transaction_session_timeout": "4s"}
SESSION = {
    **NAME,
    **TRANSACTION,
    "tcp_user_timeout": f"{SILENCE_SECONDS}s",
    "tcp_keepalives_idle": "2s",
    "tcp_keepalives_interval": "1s",
    "tcp_keepalives_count": "4",
}

OUT_OF_RANGE = asyncpg.DataError  # a number that does not fit its column, as given or as a sum


async def open_pool(
    url: str,
    *,
    size: int,
    least: int = 1,
    statement_seconds: float = STATEMENT_SECONDS,
    through_pgbouncer: bool = False,
) -> Pool:
    """Open a pool of at most size connections, of which `least` are opened at once.

    A statement that takes longer than `statement_seconds` counts as a lost connection. `through_pgbouncer` says that
    the URL leads to PgBouncer in transaction mode.

    Raises:
        DatabaseUnavailable: the server does not answer.
        DatabaseError: the URL is wrong, or the server refuses us.
    """
    limits = _limits(statement_seconds)
    options: dict[str, Any] = {"server_settings": SESSION | limits, "connection_class": MappedConnection}
    if through_pgbouncer:
        shared = pgbouncer.with_settings(TRANSACTION | limits)
        options = {"server_settings": NAME, "connection_class": shared, "statement_cache_size": 0}
    pool = MappedPool(
        url,
        connect=connect_to_first,  # type: ignore[arg-type]  # asyncpg-stubs names every option
        min_size=least,
        max_size=size,
        max_queries=MAX_QUERIES,
        max_inactive_connection_lifetime=IDLE_SECONDS,
        timeout=CONNECT_SECONDS,
        command_timeout=statement_seconds,
        setup=None,
        init=None,
        reset=_leave_as_is,
        loop=None,
        record_class=asyncpg.Record,
        **options,
    )
    with _connecting():
        await pool
    return pool


def _limits(statement_seconds: float) -> dict[str, str]:
    return {"statement_timeout": f"{statement_seconds}s", "lock_timeout": f"{LOCK_SECONDS}s"}


async def _leave_as_is(_: Connection) -> None:
    """Replace asyncpg's reset, a round trip after every use. A caller that changes a connection's state undoes it."""


class DedicatedConnection:
    """A connection of a pool that is kept for reads that come one after another, as those of a batched method do.

    To acquire and release a connection costs a process as much as a small statement does
    (docs/decisions/0008-cached-answers.md).
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: PoolConnectionProxy[asyncpg.Record] | None = None

    async def fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Return the rows of a statement that only reads. Ask again on a new connection where this one is lost.

        Raises:
            DatabaseUnavailable: the new connection is lost too, or cannot be opened.
        """
        if self._connection is not None:
            try:
                return await self._connection.fetch(statement, *arguments)
            except (DatabaseUnavailable, asyncpg.InterfaceError) as error:
                if isinstance(error, asyncpg.InterfaceError) and not is_lost(self._connection):
                    raise
            lost, self._connection = self._connection, None
            await self._release(lost)
        self._connection = await self._acquire()
        return await self._connection.fetch(statement, *arguments)

    async def _acquire(self) -> "PoolConnectionProxy[asyncpg.Record]":
        connection = await self._pool.acquire()
        try:
            await connection.plan_once()  # type: ignore[attr-defined]  # a proxy has the methods of its connection
        except DatabaseUnavailable:
            await self._release(connection)
            raise
        return connection

    async def _release(self, connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
        with suppress(DatabaseUnavailable):
            await self._pool.release(connection, timeout=RELEASE_SECONDS)


async def open_connection(url: str, *, name: str | None = None, statement_seconds: float | None = None) -> Connection:
    """Open one connection that belongs to the caller. `name` shows it to the database as an application.

    A statement that takes longer than `statement_seconds` counts as a lost connection.

    Raises:
        DatabaseUnavailable: the server does not answer.
        DatabaseError: the URL is wrong, or the server refuses us.
    """
    with _connecting():
        names = {} if name is None else {"application_name": name}
        limits = {} if statement_seconds is None else _limits(statement_seconds)
        return await connect_to_first(
            url,
            timeout=CONNECT_SECONDS,
            command_timeout=statement_seconds,
            server_settings=SESSION | names | limits,
            connection_class=MappedConnection,
        )


@contextmanager
def _connecting() -> Iterator[None]:
    try:
        yield
    except (*LOST, asyncpg.InterfaceError, asyncpg.PostgresError, ValueError, ssl.SSLError) as error:
        if pgbouncer.REFUSED in str(error):
            raise DatabaseError(pgbouncer.WRONG_WAY) from None
        kind = DatabaseUnavailable if isinstance(error, LOST) else DatabaseError
        # The URL stays out of the message, because it may hold a password.
        raise kind(
            f"The database cannot be reached ({reason(error)}): check LINKSKIPPER_DATABASE_URL and the server."
        ) from None


async def require_session(url: str) -> None:
    """Refuse a URL that leads through a pooler in transaction mode.

    Raises:
        DatabaseUnavailable: the server does not answer.
        DatabaseError: the URL is wrong, the server refuses us, or a pooler is in between.
    """
    with _connecting():
        kept = await pgbouncer.keeps_sessions(url, timeout=CONNECT_SECONDS)
    if not kept:
        raise DatabaseError(pgbouncer.WRONG_WAY)
