"""Connections to PostgreSQL."""

import asyncio
import ssl
from contextlib import suppress
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from linkskipper.errors import DatabaseError

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 30  # a server that hangs is one that is away
RELEASE_SECONDS = 2

# What a statement raises when the server is away, restarting or closing; the same call may succeed later.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # from a connection that the server's death has caught amid a statement
    asyncpg.OperatorInterventionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)


OUT_OF_RANGE = asyncpg.DataError  # a number that no column holds, given or come to by adding


async def open_pool(url: str, *, size: int) -> Pool:
    """Open a pool of at most size connections.

    Raises:
        DatabaseError: the server cannot be reached or refuses us.
    """
    try:
        return await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            reset=_leave_as_is,
        )
    except (*AWAY, asyncpg.PostgresError, ValueError, ssl.SSLError) as error:
        raise unreachable(error) from None


async def _leave_as_is(_: Connection) -> None:
    """Instead of asyncpg's reset, a round trip after every use: whoever sets something on a connection undoes it."""


class DedicatedConnection:
    """A connection of a pool's that stays taken, to read by statements that come one after another, as a Batcher's do.

    Taking a connection and giving it back costs a process as much as a small statement does
    (docs/decisions/0008-cached-answers.md).
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: PoolConnectionProxy[asyncpg.Record] | None = None

    async def fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """The rows of a statement that changes nothing: where the connection turns out to be lost, it is asked anew."""
        if self._connection is not None:
            try:
                return await self._connection.fetch(statement, *arguments)
            except AWAY:
                lost, self._connection = self._connection, None
                with suppress(*AWAY):
                    await self._pool.release(lost, timeout=RELEASE_SECONDS)
        self._connection = await self._pool.acquire()
        return await self._connection.fetch(statement, *arguments)


async def open_connection(url: str) -> Connection:
    """Open one connection that belongs to the caller.

    Raises:
        DatabaseError: the server cannot be reached or refuses us.
    """
    try:
        return await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except (*AWAY, asyncpg.PostgresError, ValueError, ssl.SSLError) as error:
        raise unreachable(error) from None


def unreachable(error: BaseException) -> DatabaseError:
    """Put a connection failure in one line; the URL stays out of it, as it may hold a password."""
    reason = str(error) or ("no answer" if isinstance(error, asyncio.TimeoutError) else type(error).__name__)
    return DatabaseError(
        f"The database cannot be reached ({' '.join(reason.split())}): check LINKSKIPPER_DATABASE_URL and the server."
    )
