"""Serve an ASGI application over HTTP."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import uvicorn
from starlette.types import ASGIApp

from linkskipper.api.connections import OpenConnections, TrustedProxies
from linkskipper.api.http_protocol import StrictHttpProtocol
from linkskipper.service.process import BACKLOG

SHUTDOWN_SECONDS = 2  # for the requests that are under way
TICK_SECONDS = 1
KEEP_ALIVE_SECONDS = 75  # longer than that of clients and proxies, so that they close idle connections first


class ConnectionLimits(NamedTuple):
    """How many connections one process keeps open: in all, and for one address that is not among `proxies`.

    At most half of the files that the process may open are for connections.
    """

    total: int = 10_000
    per_address: int = 2_000
    proxies: Sequence[str] = ()


NO_PROXIES = ConnectionLimits()


class HttpServer(uvicorn.Server):
    """A uvicorn server that leaves the signals to `stop_requested`, and wakes once a second instead of ten times."""

    def __init__(self, app: ASGIApp, base_url: str, limits: ConnectionLimits) -> None:
        proxies = TrustedProxies(limits.proxies)
        limit = min(limits.total, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
        open_connections = OpenConnections(limit, min(limits.per_address, limit // 2), proxies)
        super().__init__(
            uvicorn.Config(
                app,
                loop="none",
                interface="asgi3",
                http=partial(StrictHttpProtocol, base_url=base_url, open_connections=open_connections),  # type: ignore[arg-type]
                proxy_headers=bool(proxies.items),
                forwarded_allow_ips=proxies.items,
                ws="none",
                backlog=BACKLOG,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
        )

        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End `serve` once the open requests are answered."""
        self.should_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        """Renew the header Date once a second until the server is stopped (uvicorn)."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), TICK_SECONDS)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install no signal handlers."""
        yield


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp,
    listener: socket.socket,
    *,
    base_url: str,
    end_waits: Callable[[], None] = lambda: None,
    limits: ConnectionLimits = NO_PROXIES,
) -> AsyncIterator[None]:
    """Serve an application at `base_url` until the context ends.

    At the end, call `end_waits` so that clients that wait for jobs get an answer, and finish the open requests.

    Raises:
        SettingsError: A trusted proxy is not an address or a CIDR range.
    """
    server = HttpServer(app, base_url, limits)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        end_waits()
        server.stop()
        await task
