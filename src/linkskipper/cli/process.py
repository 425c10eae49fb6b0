"""Running a long-lived process: its sockets, its signals, its end."""

import asyncio
import contextlib
import errno
import gc
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import uvicorn
import uvloop
from litestar.types import ASGIApp

from linkskipper.api.wire import Protocol
from linkskipper.errors import PortInUseError

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LAST_REQUESTS_SECONDS = 2
BACKLOG = 2048
MANY_FILES = 65_536
YOUNG = 20_000  # objects, made and not given back, between two collections
KEEP_ALIVE_SECONDS = 75  # longer than clients and proxies keep theirs, so that they are the ones to close


def allow_many_files() -> None:
    """Take as many open files as the system lets this process have: a connection is one, and many shells give 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_FILES if hard == resource.RLIM_INFINITY else min(hard, MANY_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a process's main coroutine to its end."""
    allow_many_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


def listen(host: str, port: int, *, setting: str = "--port or LINKSKIPPER_PORT") -> socket.socket:
    """A listening socket (port 0: any free one), taken before anything else is started.

    Raises:
        PortInUseError: it cannot be had; says which setting chooses another.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be listened on ({error.strerror})"
        raise PortInUseError(f"{host}:{port} {why}: choose another with {setting}.") from None
    return listener


def address_of(listener: socket.socket) -> str:
    """The URL that leads to a listening socket from this machine."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - the wildcard is compared with, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def stop_requested() -> Iterator[asyncio.Event]:
    """An event that the first stop signal sets; the second ends the process at once."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if event.is_set():
            os._exit(130)
        event.set()

    for each in STOP_SIGNALS:
        loop.add_signal_handler(each, stop)
    try:
        yield event
    finally:
        for each in STOP_SIGNALS:
            loop.remove_signal_handler(each)


async def stay(stop: asyncio.Event) -> None:
    """Be at work, with all that it takes in place, until the process is told to stop."""
    # What was built stays: without this the collector walks through all of it every second or so under load, and
    # every answer waits for that some 50 ms.
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
    await stop.wait()


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
