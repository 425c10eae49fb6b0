"""asyncpg, with its errors mapped to one: DatabaseUnavailable when the connection is lost.

asyncpg raises InterfaceError for a lost connection and for a wrong call alike. Here a wrong call keeps its error, so
that nobody waits for it to succeed.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import wraps
from time import monotonic
from typing import Any, TypeVar, cast

import asyncpg
import asyncpg.transaction
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy

from linkskipper.errors import DatabaseUnavailable, LockTimeout
from linkskipper.metrics import count_pool_wait

# What asyncpg raises when the server does not answer in time, restarts, or refuses more connections.
LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,  # the server died in the middle of a statement
    asyncpg.OperatorInterventionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,  # the server was demoted to a standby
)

ACQUIRE_SECONDS = 8
SILENCE_SECONDS = 6
PLAN_ONCE = "SET plan_cache_mode = force_generic_plan"
KEEPALIVE = {  # socket options for TCP
    "TCP_USER_TIMEOUT": SILENCE_SECONDS * 1000,
    "TCP_KEEPIDLE": SILENCE_SECONDS // 3,
    "TCP_KEEPINTVL": 1,
    "TCP_KEEPCNT": SILENCE_SECONDS * 2 // 3,
}

Method = TypeVar("Method", bound=Callable[..., Any])


def _mapped(method: Method) -> Method:
    """Map the errors of a method whose object has `is_closed`.

    A connection whose statement is cancelled, or takes too long, is closed. asyncpg would wait until the server
    confirms that it gave up, which a silent one does not.
    """

    @wraps(method)
    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await method(self, *args, **kwargs)
        except LOST as error:
            raise _lost(self, error) from error
        except asyncio.CancelledError:
            if isinstance(self, asyncpg.Connection):
                self.terminate()
            raise
        except asyncpg.InterfaceError as error:
            if not self.is_closed():
                raise
            raise _lost(self, error) from error

    return cast("Method", call)


def _lost(owner: object, error: BaseException) -> DatabaseUnavailable:
    """Return the error of a lost connection, and let its termination listeners know.

    asyncpg forgets them when a statement begins between the server's last word and the end of its connection. A
    connection to a server that was demoted is closed, so that the next one leads to another server.
    """
    useless = isinstance(error, asyncpg.ReadOnlySQLTransactionError | TimeoutError)
    if isinstance(owner, asyncpg.Connection) and (useless or owner.is_closed()):
        owner.terminate()
    return unavailable(error)


def notice_silence(connection: socket.socket) -> None:
    """Let the kernel close a TCP connection if the other side acknowledges nothing for SILENCE_SECONDS.

    Without this, a connection with unacknowledged data waits 15 minutes (RFC 9293, "USER TIMEOUT").
    """
    if connection.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if hasattr(socket, name):  # each system has some of them
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class MappedTransaction(asyncpg.transaction.Transaction):
    """A transaction that begins and ends with mapped errors."""

    def is_closed(self) -> bool:
        """Tell whether its connection is closed."""
        connection: asyncpg.Connection[asyncpg.Record] = self._connection  # type: ignore[attr-defined]
        return connection.is_closed()

    __aenter__ = _mapped(asyncpg.transaction.Transaction.__aenter__)
    _leave = _mapped(asyncpg.transaction.Transaction.__aexit__)

    async def __aexit__(self, *raised: object) -> None:
        """End the transaction. One that failed with its connection is rolled back already."""
        if raised[0] is None or not self.is_closed():
            await self._leave(*raised)


class MappedConnection(asyncpg.Connection):
    """A connection whose statements raise mapped errors. It notices a server that disappears without closing it."""

    def __init__(self, protocol: Any, transport: asyncio.BaseTransport, *others: Any) -> None:
        super().__init__(protocol, transport, *others)
        notice_silence(transport.get_extra_info("socket"))

    execute = _mapped(asyncpg.Connection.execute)
    executemany = _mapped(asyncpg.Connection.executemany)
    fetch = _mapped(asyncpg.Connection.fetch)
    fetchrow = _mapped(asyncpg.Connection.fetchrow)
    fetchval = _mapped(asyncpg.Connection.fetchval)
    add_listener = _mapped(asyncpg.Connection.add_listener)

    async def plan_once(self) -> None:
        """Plan each statement once from now on, because planning a small read takes longer than running it."""
        await self.execute(PLAN_ONCE)

    def transaction(self, **options: Any) -> MappedTransaction:
        """Return a transaction with the options of asyncpg."""
        isolation, readonly = options.get("isolation"), options.get("readonly", False)
        return MappedTransaction(self, isolation, readonly, options.get("deferrable", False))


class MappedPool(asyncpg.Pool):
    """A pool that raises mapped errors. A pool that closes counts as lost: the process is about to stop."""

    is_closed = asyncpg.Pool.is_closing
    release = _mapped(asyncpg.Pool.release)
    _acquire_mapped = _mapped(asyncpg.Pool._acquire)  # type: ignore[attr-defined]  # noqa: SLF001

    async def _acquire(self, timeout: float | None) -> "PoolConnectionProxy[asyncpg.Record]":
        """Count how long the call waited. `acquire` awaits this."""
        began = monotonic()
        try:
            return cast("PoolConnectionProxy[asyncpg.Record]", await self._acquire_mapped(timeout))
        finally:
            count_pool_wait(monotonic() - began)

    def acquire(self, *, timeout: float | None = None) -> "_Acquired":
        """Acquire a connection within ACQUIRE_SECONDS, or within another number of seconds."""
        return _Acquired(self, ACQUIRE_SECONDS if timeout is None else timeout)


class _Acquired(PoolAcquireContext):
    """Maps the error of a connection that is lost between two statements: its pool takes it back at once."""

    __slots__ = ()

    async def __aexit__(self, *raised: object) -> None:
        was_lost = is_lost(self.connection)
        await super().__aexit__(*raised)
        if was_lost and isinstance(raised[1], asyncpg.InterfaceError):
            raise unavailable(raised[1]) from raised[1]


def is_lost(connection: "PoolConnectionProxy[asyncpg.Record] | None") -> bool:
    """Tell whether a pool has taken back a connection that is still in use, which it does only for a lost one."""
    return connection is not None and connection._con is None  # type: ignore[attr-defined]  # noqa: SLF001


def unavailable(error: BaseException) -> DatabaseUnavailable:
    """Say in one line why a connection was lost."""
    kind = LockTimeout if isinstance(error, asyncpg.LockNotAvailableError) else DatabaseUnavailable
    return kind(f"The database does not answer ({reason(error)}).")


def reason(error: BaseException) -> str:
    """Put an error of asyncpg, or of the system, in one line."""
    text = " ".join(str(error).split())
    return text or ("no answer in time" if isinstance(error, TimeoutError) else type(error).__name__)
