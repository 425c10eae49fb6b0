"""Keep connections for the next request to the same server, and open new ones through the guard."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Sequence

from linkskipper.egress.connect import GuardedResolver, guarded_connect
from linkskipper.egress.errors import TimedOut
from linkskipper.egress.http1.connection import HttpConnection
from linkskipper.egress.policy import Policy
from linkskipper.egress.urls import Url

IDLE_SECONDS = 15  # common servers keep a connection longer
MAX_IDLE = 1000
_LEGACY_SERVER_CONNECT = 0x4  # ssl.OP_LEGACY_SERVER_CONNECT, which Python 3.11 does not name

Origin = tuple[str, str, int]


class ConnectionPool:
    """Opens at most `connections` at a time. A kept connection stays with the address that the guard has allowed."""

    def __init__(
        self,
        policy: Policy,
        *,
        connections: int,
        connect_seconds: float,
        nameservers: Sequence[str] | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()  # to ask for it is a system call in Python 3.11
        self._policy = policy
        self._resolver = GuardedResolver(policy, nameservers, connect_seconds)
        self._connect_seconds = connect_seconds
        self._free = asyncio.Semaphore(connections)
        self._idle: defaultdict[Origin, list[HttpConnection]] = defaultdict(list)
        self._idle_count = 0
        self._in_use: set[HttpConnection] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._tls: ssl.SSLContext | None = None
        self._tls_of_exceptions: ssl.SSLContext | None = None

    def now(self) -> float:
        """Return the time of the event loop's clock, in seconds."""
        return self._loop.time()

    async def acquire(self, url: Url, deadline: float, *, fresh: bool = False) -> tuple[HttpConnection, bool]:
        """Return a connection to the server of a URL, and whether it has served a request before.

        `deadline` is a time of the event loop's clock. `fresh` ignores kept connections.

        Raises:
            Refused: The guard denies the name or an address.
            Unreachable, OSError: The server cannot be connected to.
            TimedOut: Connecting takes longer than its own limit.
            TimeoutError: The deadline passed.
        """
        if not self._free.locked() and not fresh and (kept := self._pop_idle(url)) is not None:
            await self._free.acquire()
            self._in_use.add(kept)
            return kept, True
        async with asyncio.timeout_at(deadline):
            await self._free.acquire()
            try:
                connection = await self._open(url)
            except BaseException:
                self._free.release()
                raise
        self._in_use.add(connection)
        return connection, False

    def release(self, url: Url, connection: HttpConnection) -> None:
        """Keep a connection that may serve another request, and close any other."""
        self._in_use.discard(connection)
        self._free.release()
        if not connection.is_reusable or self._idle_count >= MAX_IDLE:
            connection.close()
            return
        connection.clear_deadline()
        connection.idle_since = self.now()
        self._idle[url.scheme, url.host, url.port].append(connection)
        self._idle_count += 1
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(IDLE_SECONDS, self._sweep)

    async def close(self) -> None:
        """Close every connection and cancel the lookups in progress."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in [*self._in_use, *(kept for origin in self._idle.values() for kept in origin)]:
            connection.close()
        self._idle.clear()
        await self._resolver.close()

    def _pop_idle(self, url: Url) -> HttpConnection | None:
        connections = self._idle.get((url.scheme, url.host, url.port))
        while connections:
            connection = connections.pop()
            self._idle_count -= 1
            if connection.is_reusable:
                return connection
            connection.close()
        return None

    def _sweep(self) -> None:
        too_old = self.now() - IDLE_SECONDS
        for origin, connections in list(self._idle.items()):
            kept = [idle for idle in connections if idle.idle_since > too_old and idle.is_reusable]
            for connection in set(connections) - set(kept):
                connection.close()
            self._idle_count -= len(connections) - len(kept)
            if kept:
                self._idle[origin] = kept
            else:
                del self._idle[origin]
        self._sweeper = self._loop.call_later(IDLE_SECONDS, self._sweep) if self._idle else None

    async def _open(self, url: Url) -> HttpConnection:
        try:
            async with asyncio.timeout(self._connect_seconds):
                sock = await guarded_connect(self._policy, self._resolver, url.host, url.port)
        except TimeoutError:
            raise TimedOut(f"{url.host} did not answer in time") from None
        tls = self._tls_context(url, sock.getpeername()[0]) if url.scheme == "https" else None
        try:
            name = None if tls is None else url.host
            _, connection = await self._loop.create_connection(HttpConnection, sock=sock, ssl=tls, server_hostname=name)
        except BaseException:
            sock.close()
            raise
        return connection

    def _tls_context(self, url: Url, address: str) -> ssl.SSLContext:
        """Return what verifies certificates. The extra CA counts only where the operator opened the way."""
        name, extra_ca = url.host.removesuffix("."), self._policy.extra_ca
        if extra_ca is None or not self._policy.is_exception(name, address, url.port):
            self._tls = self._tls or _client_context()
            return self._tls
        if self._tls_of_exceptions is None:
            self._tls_of_exceptions = _client_context()
            self._tls_of_exceptions.load_verify_locations(extra_ca)
        return self._tls_of_exceptions


def _client_context() -> ssl.SSLContext:
    """Return what verifies certificates.

    Servers without RFC 5746 are accepted, as by browsers. A client that never renegotiates loses nothing.
    """
    context = ssl.create_default_context()
    context.options |= _LEGACY_SERVER_CONNECT | ssl.OP_NO_RENEGOTIATION
    return context
