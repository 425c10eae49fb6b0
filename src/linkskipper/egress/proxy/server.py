"""A forward proxy on loopback that lets each link reach only its own hosts.

The browser has no other way out: whatever a page requests, the connection is made here, through the guard. TLS stays
end-to-end between the browser and the site.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from linkskipper.egress.connect import GuardedResolver, guarded_connect
from linkskipper.egress.errors import BadProxyRequest, BadUrl, Refused, TimedOut, Unreachable
from linkskipper.egress.policy import Policy
from linkskipper.egress.proxy.heads import ProxyRequest, read_request
from linkskipper.egress.proxy.peers import Address
from linkskipper.egress.proxy.relay import Stream, cancel_all, relay_exchange, relay_tunnel
from linkskipper.egress.proxy.session import DEFAULT_PROXY_LIMITS, ProxyLimits, ProxySession, admit_all
from linkskipper.errors import EgressError
from linkskipper.logs import LibraryLogger

_log = LibraryLogger(__name__)
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BrowserProxy:
    """Opens a session for each link. Use it as an async context manager, in one event loop."""

    def __init__(
        self, policy: Policy, *, limits: ProxyLimits = DEFAULT_PROXY_LIMITS, nameservers: Sequence[str] | None = None
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
    async def session(
        self, allows: Callable[[str], bool], admits: Callable[[Address, Address], bool] = admit_all
    ) -> AsyncIterator[ProxySession]:
        """Let one link connect to the hosts that `allows` accepts. Its connections end with the context.

        `admits` tells by the addresses of both ends whether a connection to the proxy is that of the link's browser.
        """
        session = ProxySession(allows, self._limits, admits)

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if session.ended:
                writer.close()
                return
            task = asyncio.create_task(self._serve(session, Stream(reader, writer)))
            session.connections.add(task)
            task.add_done_callback(session.connections.discard)
            task.add_done_callback(lambda _: writer.close())  # even if the task is cancelled before it starts

        listener = await asyncio.start_server(accept, "127.0.0.1", 0)
        session.server = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        try:
            yield session
        finally:
            session.ended = True
            listener.close()
            await cancel_all(session.connections)

    async def _serve(self, session: ProxySession, client: Stream) -> None:
        """Serve one connection to its end. One that is not the browser's is closed at once."""
        with contextlib.suppress(OSError, EgressError, asyncio.CancelledError):
            theirs, ours = (client.writer.get_extra_info(end) for end in ("peername", "sockname"))
            if not await asyncio.to_thread(session.admits, theirs, ours):
                if not session.strangers:
                    _log.warning("egress.stranger", note="another program connected to the browser's proxy")
                session.strangers += 1
                return
            with session.admission():
                await self._serve_browser(session, client)

    async def _serve_browser(self, session: ProxySession, client: Stream) -> None:
        try:
            request = await read_request(client.reader)
        except (BadUrl, BadProxyRequest):
            client.writer.write(_BAD_REQUEST)
            return
        upstream = await self._connect(session, request)
        if upstream is None:
            client.writer.write(_FORBIDDEN)
            return
        with contextlib.closing(upstream.writer):
            if request.is_tunnel:
                await relay_tunnel(session, request, client, upstream)
            else:
                await relay_exchange(session, request, client, upstream)

    async def _connect(self, session: ProxySession, request: ProxyRequest) -> Stream | None:
        """Connect to the site, or return None.

        Failures are recorded for allowed hosts only: a page can invent any number of others.
        """
        host = request.host
        if not session.allows(host):
            return None
        try:
            session.check_connections()
            return await self._open_upstream(host, request.port)
        except EgressError as error:
            session.failures[host] = error.with_traceback(None)
            if isinstance(error, Refused) and error.address:
                self._policy.refusals.report(host, error)
            return None

    async def _open_upstream(self, host: str, port: int) -> Stream:
        if self._resolver is None:
            raise RuntimeError("the proxy is used outside its context")
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                connection = await guarded_connect(self._policy, self._resolver, host, port)
                return Stream(*await asyncio.open_connection(sock=connection))
        except (TimedOut, TimeoutError):
            raise TimedOut(f"{host} did not answer in time") from None
        except Unreachable as error:
            raise Unreachable(f"{host}: {error}") from None
        except OSError as error:
            raise Unreachable(f"{host} cannot be reached: {error}") from None
