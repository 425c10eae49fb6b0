"""Connect to one of the servers that a URL names.

asyncpg tries them one after another within a single time limit. A first server that has vanished, and refuses nothing,
would leave no time for the second one.
"""

from asyncio.staggered import staggered_race
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import zip_longest
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

NEXT_SERVER_SECONDS = 0.5  # for one server to answer, until the next one is tried too
DEFAULT_PORT = "5432"

Connect = Callable[[], Awaitable["asyncpg.Connection[asyncpg.Record]"]]


async def connect_to_first(url: str, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect to the first server that accepts, with the options of asyncpg.connect. `timeout` counts for each server.

    Raises:
        The error of the last server, if none accepts.
    """
    servers = list_servers(url)
    if len(servers) == 1 or "prefer-standby" in url:
        return await asyncpg.connect(url, **options)
    attempts: list[Connect] = [partial(asyncpg.connect, url, host=host, port=port, **options) for host, port in servers]
    connection: asyncpg.Connection[asyncpg.Record] | None
    connection, _, errors = await staggered_race(attempts, NEXT_SERVER_SECONDS)
    try:
        if connection is None:
            raise next(error for error in reversed(errors) if error is not None)
        return connection
    finally:
        del errors  # a frame that keeps its own error is a cycle


def list_servers(url: str) -> list[tuple[str, int]]:
    """Return the host, or the socket folder, and the port of each server that a URL names."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    names = parts.netloc.rpartition("@")[2]
    if names:
        split = [name.rpartition(":") if _has_port(name) else (name, "", "") for name in names.split(",")]
        return [(host.strip("[]"), int(port or DEFAULT_PORT)) for host, _, port in split]
    hosts = query.get("host", [""])[0].split(",")
    ports = query.get("port", [DEFAULT_PORT])[0].split(",")
    return [(host, int(port)) for host, port in zip_longest(hosts, ports, fillvalue=ports[0])]


def _has_port(name: str) -> bool:
    return ":" in name and not name.endswith("]")
