"""Serving an ASGI application."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

import uvicorn
from litestar.types import ASGIApp

from linkskipper.api.wire import Protocol
from linkskipper.service.process import BACKLOG

LAST_REQUESTS_SECONDS = 2
KEEP_ALIVE_SECONDS = 75  # longer than clients and proxies keep theirs, so that they are the ones to close


class HttpServer(uvicorn.Server):
    """uvicorn, with the signals left to stop_requested."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="none",
                http=partial(Protocol, base_url=base_url),  # type: ignore[arg-type]
                ws="none",
                backlog=BACKLOG,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp, listener: socket.socket, *, base_url: str, let_go: Callable[[], None] = lambda: None
) -> AsyncIterator[None]:
    """Serve the application until the context ends; then let waiting clients go and answer what is under way.

    base_url is where clients reach it.
    """
    server = HttpServer(app, base_url)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        let_go()
        server.should_exit = True
        await task
