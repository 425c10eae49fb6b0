"""Sees every connection that a test begins, wherever it leads."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

# A context variable, because services of other tests may run in this process, and they deliver webhooks.
_seen: ContextVar[list[Any] | None] = ContextVar("seen", default=None)


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and (seen := _seen.get()) is not None:
        seen.append(arguments[1])


sys.addaudithook(_note)


@contextmanager
def connections() -> Iterator[list[Any]]:
    """Provide the addresses that sockets are told to connect to in this context, and in the tasks that it starts."""
    seen: list[Any] = []
    token = _seen.set(seen)
    try:
        yield seen
    finally:
        _seen.reset(token)
