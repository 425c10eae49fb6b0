"""Run a long-lived process: its sockets, its signals, its end."""

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

from linkskipper.environment import hide_memory, keep_files
from linkskipper.errors import PortInUseError
from linkskipper.metrics import observe_loop_delay

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BACKLOG = 2048
LOOP_TIMER_SECONDS = 0.5
MANY_FILES = 65_536
NEW_OBJECTS = 20_000  # objects that were created and not freed since the last garbage collection


def allow_many_files() -> None:
    """Allow as many open files as the system permits. A connection is one, and many shells allow 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_FILES if hard == resource.RLIM_INFINITY else min(hard, MANY_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run the main coroutine of a process to its end."""
    allow_many_files()
    hide_memory()
    keep_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_watched(main))


async def _watched(main: Coroutine[Any, Any, None]) -> None:
    """Run the main coroutine, and measure meanwhile how late the event loop is."""
    watch = asyncio.create_task(_watch_loop())
    try:
        await main
    finally:
        watch.cancel()


async def _watch_loop() -> None:
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + LOOP_TIMER_SECONDS
        await asyncio.sleep(LOOP_TIMER_SECONDS)
        observe_loop_delay(max(0.0, clock() - due))


def listen(host: str, port: int, *, setting: str = "--port or LINKSKIPPER_PORT") -> socket.socket:
    """Return a listening socket. Port 0 means any free port.

    Raises:
        PortInUseError: the address cannot be used. The message names the setting that chooses another.
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
    """Return the URL of a listening socket for clients on this machine."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - the wildcard is compared with, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def stop_requested() -> Iterator[asyncio.Event]:
    """Provide an event that the first stop signal sets. The second signal ends the process at once."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if event.is_set():
            os._exit(130)
        event.set()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield event
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


async def stay(stop: asyncio.Event) -> None:
    """Wait until the process must stop. Call this once all parts are built."""
    # The parts live as long as the process. Without this, the garbage collector walks through all of them about once a
    # second under load, and every response waits about 50 ms for it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    await stop.wait()
