"""The browser's only way out: a forward proxy on loopback that lets a link through to its own hosts and no further.

Whatever a page asks for, the connection is made here, past the guard. TLS stays between the browser and the site.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self

from linkskipper.egress.connect import GuardedResolver, guarded_connect
from linkskipper.egress.errors import BadUrl, BodyTooLarge, Refused, TimedOut, Unreachable
from linkskipper.egress.policy import Policy
from linkskipper.egress.proxy.heads import ProxyRequest, read_request, read_response_head
from linkskipper.errors import EgressError
from linkskipper.logs import library_logger

_log = library_logger(__name__)
_CHUNK = 64 * 1024


class _Stream(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@dataclass(frozen=True, slots=True)
class ProxyLimits:
    """Limits for one link. `response_bytes` counts what all its sites send, over all connections."""

    connect_seconds: float = 5.0
    response_bytes: int = 16 * 1024 * 1024
    connections: int = 64


@dataclass(slots=True)
class ProxySession:
    """The connections of one link through the proxy, on a port of its own.

    `failures` says why an allowed host could not be reached. `on_overrun` is called when the sites have sent more than
    the limit.
    """

    allows: Callable[[str], bool]
    limits: ProxyLimits
    server: str = ""
    received: int = 0
    failures: dict[str, EgressError] = field(default_factory=dict)
    on_overrun: Callable[[], None] = lambda: None
    connections: set[asyncio.Task[None]] = field(default_factory=set)
    ended: bool = False

    def take(self, data: bytes) -> None:
        """Count what a site has sent.

        Raises:
            BodyTooLarge: The sites have sent more than the limit.
        """
        self.received += len(data)
        if self.received > self.limits.response_bytes:
            self.on_overrun()
            raise BodyTooLarge("the link's sites have sent more than their limit")


class BrowserProxy:
    """Opens a session for each link. An async context manager, for one event loop."""

    def __init__(
        self, policy: Policy, *, limits: ProxyLimits = ProxyLimits(), nameservers: Sequence[str] | None = None
    ) -> None:
        self._policy = policy
        self._limits = limits
        self._nameservers = nameservers
        self._resolver: GuardedResolver | None = None

    async def __aenter__(self) -> Self:
        self._resolver = GuardedResolver(self._policy, self._nameservers, self._limits.connect_seconds)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._resolver is not None:
            await self._resolver.close()

    @asynccontextmanager
    async def session(self, allows: Callable[[str], bool]) -> AsyncIterator[ProxySession]:
        """Open a session that reaches the hosts that `allows` accepts. Its connections end with the context."""
        session = ProxySession(allows, self._limits)

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if session.ended:
                writer.close()
                return
            task = asyncio.create_task(self._serve(session, _Stream(reader, writer)))
            session.connections.add(task)
            task.add_done_callback(session.connections.discard)
            task.add_done_callback(lambda _: writer.close())  # also where it is cancelled before it begins

        listener = await asyncio.start_server(accept, "127.0.0.1", 0)
        session.server = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        try:
            yield session
        finally:
            session.ended = True
            listener.close()
            await _broken_off(session.connections)

    async def _serve(self, session: ProxySession, client: _Stream) -> None:
        """Serve one connection of the browser's, to its end."""
        with contextlib.suppress(OSError, EgressError, asyncio.CancelledError):
            try:
                request = await read_request(client.reader)
            except BadUrl:
                client.writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            upstream = await self._connect(session, request)
            if upstream is None:
                client.writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            with contextlib.closing(upstream.writer):
                await (
                    _tunnel(session, client, upstream)
                    if request.is_tunnel
                    else _forward(session, request, client, upstream)
                )

    async def _connect(self, session: ProxySession, request: ProxyRequest) -> _Stream | None:
        """Connect to a host. Return None where that is not allowed or fails. Record failures of allowed hosts only.

        A page can invent any number of other hosts.
        """
        host = request.host
        if not session.allows(host):
            return None
        try:
            if len(session.connections) > self._limits.connections:
                raise Unreachable("the link has too many connections open")
            return await self._dial(host, request.port)
        except EgressError as error:
            session.failures[host] = error.with_traceback(None)
            if isinstance(error, Refused) and error.address:
                _log.warning("egress.refused", host=host, address=error.address, reason=error.reason)
            return None

    async def _dial(self, host: str, port: int) -> _Stream:
        if self._resolver is None:
            raise RuntimeError("the proxy is used outside its context")
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                connection = await guarded_connect(self._policy, self._resolver, host, port)
                return _Stream(*await asyncio.open_connection(sock=connection))
        except TimeoutError:
            raise TimedOut(f"{host} did not answer in time") from None
        except OSError as error:
            raise Unreachable(f"{host} cannot be reached: {error}") from None


async def _tunnel(session: ProxySession, client: _Stream, upstream: _Stream) -> None:
    client.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await _until_either(_copy_to_upstream(client, upstream), _copy_to_client(session, client, upstream))


async def _forward(session: ProxySession, request: ProxyRequest, client: _Stream, upstream: _Stream) -> None:
    """Pass one plain request on and its answer back. The connection ends with it: the next may be for another host."""
    upstream.writer.write(request.head)
    await _copy_to_upstream(client, upstream, request.body_bytes)
    await _until_either(_answer(session, client, upstream), _wait_for_hangup(client))


async def _answer(session: ProxySession, client: _Stream, upstream: _Stream) -> None:
    head = await read_response_head(upstream.reader)
    session.take(head)
    client.writer.write(head)
    await _copy_to_client(session, client, upstream)


async def _wait_for_hangup(client: _Stream) -> None:
    """Wait until the browser closes. Bytes that it sends meanwhile do not belong to the request."""
    while await client.reader.read(_CHUNK):
        pass


async def _copy_to_upstream(client: _Stream, upstream: _Stream, most: int | None = None) -> None:
    """Pass on what the browser sends, `most` bytes of it or everything."""
    while most is None or most > 0:
        data = await client.reader.read(_CHUNK if most is None else min(_CHUNK, most))
        if not data:
            return
        if most is not None:
            most -= len(data)
        upstream.writer.write(data)
        await upstream.writer.drain()


async def _copy_to_client(session: ProxySession, client: _Stream, upstream: _Stream) -> None:
    while data := await upstream.reader.read(_CHUNK):
        session.take(data)
        client.writer.write(data)
        await client.writer.drain()


async def _until_either(*ways: Coroutine[None, None, None]) -> None:
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        await _broken_off(tasks)


async def _broken_off(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel them, and wait until they have ended."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
