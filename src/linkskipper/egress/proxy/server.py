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
    """What one link may use; `response_bytes` counts all that its sites send, on all connections together."""

    connect_seconds: float = 5.0
    response_bytes: int = 16 * 1024 * 1024
    connections: int = 64


@dataclass(slots=True)
class ProxySession:
    """One link's way through the proxy, on a port of its own.

    `failures` says why an allowed host could not be reached; `on_overrun` is called once the link's sites have sent too
    much.
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
        """Count what a site has sent; raises BodyTooLarge."""
        self.received += len(data)
        if self.received > self.limits.response_bytes:
            self.on_overrun()
            raise BodyTooLarge("the link's sites have sent more than their limit")


class BrowserProxy:
    """Opens a lane for each link. An async context manager, made and used in one event loop."""

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
    async def lane(self, allows: Callable[[str], bool]) -> AsyncIterator[ProxySession]:
        """Let one link through to the hosts that it is allowed; its connections end with the context."""
        lane = ProxySession(allows, self._limits)

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if lane.ended:
                writer.close()
                return
            task = asyncio.create_task(self._serve(lane, _Stream(reader, writer)))
            lane.connections.add(task)
            task.add_done_callback(lane.connections.discard)
            task.add_done_callback(lambda _: writer.close())  # also where it is cancelled before it begins

        listener = await asyncio.start_server(accept, "127.0.0.1", 0)
        lane.server = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        try:
            yield lane
        finally:
            lane.ended = True
            listener.close()
            await _broken_off(lane.connections)

    async def _serve(self, lane: ProxySession, near: _Stream) -> None:
        """Serve one connection of the browser's, to its end."""
        with contextlib.suppress(OSError, EgressError, asyncio.CancelledError):
            try:
                request = await read_request(near.reader)
            except BadUrl:
                near.writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            far = await self._connect(lane, request)
            if far is None:
                near.writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            with contextlib.closing(far.writer):
                await (_tunnel(lane, near, far) if request.is_tunnel else _forward(lane, request, near, far))

    async def _connect(self, lane: ProxySession, request: ProxyRequest) -> _Stream | None:
        """None where the host may not or cannot be reached, which is noted; of others a page can invent any number."""
        host = request.host
        if not lane.allows(host):
            return None
        try:
            if len(lane.connections) > self._limits.connections:
                raise Unreachable("the link has too many connections open")
            return await self._dial(host, request.port)
        except EgressError as error:
            lane.failures[host] = error.with_traceback(None)
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


async def _tunnel(lane: ProxySession, near: _Stream, far: _Stream) -> None:
    near.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await _until_either(_upward(near, far), _downward(lane, near, far))


async def _forward(lane: ProxySession, request: ProxyRequest, near: _Stream, far: _Stream) -> None:
    """Pass one plain request on and its answer back. The connection ends with it: the next may be for another host."""
    far.writer.write(request.head)
    await _upward(near, far, request.body_bytes)
    await _until_either(_answer(lane, near, far), _hung_up(near))


async def _answer(lane: ProxySession, near: _Stream, far: _Stream) -> None:
    head = await read_response_head(far.reader)
    lane.take(head)
    near.writer.write(head)
    await _downward(lane, near, far)


async def _hung_up(near: _Stream) -> None:
    """Wait for the browser to close; anything more that it sends is no part of the request."""
    while await near.reader.read(_CHUNK):
        pass


async def _upward(near: _Stream, far: _Stream, most: int | None = None) -> None:
    """Pass on what the browser sends: so many bytes, or all of it."""
    while most is None or most > 0:
        data = await near.reader.read(_CHUNK if most is None else min(_CHUNK, most))
        if not data:
            return
        if most is not None:
            most -= len(data)
        far.writer.write(data)
        await far.writer.drain()


async def _downward(lane: ProxySession, near: _Stream, far: _Stream) -> None:
    while data := await far.reader.read(_CHUNK):
        lane.take(data)
        near.writer.write(data)
        await near.writer.drain()


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
