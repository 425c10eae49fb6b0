"""Serve an ASGI application over HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from linkskipper.api.http_protocol import StrictHttpProtocol
from linkskipper.service.process import BACKLOG

SHUTDOWN_SECONDS = 2  # for the requests that are under way
KEEP_ALIVE_SECONDS = 75  # longer than that of clients and proxies, so that they close idle connections first


class HttpServer(uvicorn.Server):
    """A uvicorn server that leaves the signals to `stop_requested`."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="none",
                http=partial(StrictHttpProtocol, base_url=base_url),  # type: ignore[arg-type]
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

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install no signal handlers."""
        yield


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp, listener: socket.socket, *, base_url: str, end_waits: Callable[[], None] = lambda: None
) -> AsyncIterator[None]:
    """Serve an application at `base_url` until the context ends.

    At the end, call `end_waits` so that clients that wait for jobs get an answer, and finish the open requests.
    """
    server = HttpServer(app, base_url)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        end_waits()
        server.should_exit = True
        await task
