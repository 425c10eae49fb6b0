"""Running a long-lived process: its sockets, its signals, its end."""

import asyncio
import contextlib
import errno
import gc
import os
import resource
import signal
import socket
from collections.abc import Coroutine, Iterator
from typing import Any

import uvloop

from linkskipper.errors import PortInUseError

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BACKLOG = 2048
MANY_FILES = 65_536
YOUNG = 20_000  # objects, made and not given back, between two collections


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
