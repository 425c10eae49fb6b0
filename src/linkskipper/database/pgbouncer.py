"""Connections through PgBouncer in transaction mode: each transaction may run on another connection to the server.

So nothing may outlive a transaction: no setting, no prepared statement, no lock of a session. PgBouncer before 1.21
does not know prepared statements. With it, the two messages of one asyncpg statement may reach two connections.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from secrets import token_hex
from typing import Any, TypeVar, cast

from linkskipper.database.connect import connect_to_first
from linkskipper.database.driver import MappedConnection

REFUSED = "unsupported startup parameter"
"""What PgBouncer says when a connection wants a setting for its whole session."""

WRONG_WAY = (
    "The connection leads through PgBouncer, which loses the notices of the queue. Name the server itself in "
    "LINKSKIPPER_DATABASE_DIRECT_URL, and the way through PgBouncer in LINKSKIPPER_DATABASE_URL."
)
NOTICE_SECONDS = 3  # for a notice to arrive. The server sends it at once

Method = TypeVar("Method", bound=Callable[..., Any])


def _in_transaction(method: Method) -> Method:
    """Run a statement in the open transaction, or in one of its own."""

    @wraps(method)
    async def run(self: "PgBouncerConnection", *args: Any, **options: Any) -> Any:
        if self.is_in_transaction():
            return await method(self, *args, **options)
        async with self.transaction():
            return await method(self, *args, **options)

    return cast("Method", run)


class PgBouncerConnection(MappedConnection):
    """A connection through PgBouncer. `begin_with` are statements that each transaction begins with."""

    begin_with = ""

    _execute_one = _in_transaction(MappedConnection.execute)
    executemany = _in_transaction(MappedConnection.executemany)
    fetch = _in_transaction(MappedConnection.fetch)
    fetchrow = _in_transaction(MappedConnection.fetchrow)
    fetchval = _in_transaction(MappedConnection.fetchval)

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """Run a statement. asyncpg begins transactions with this method too."""
        if query.startswith("BEGIN"):
            return await MappedConnection.execute(self, query + self.begin_with, timeout=timeout)
        return await self._execute_one(query, *args, timeout=timeout)

    async def plan_once(self) -> None:
        """Do nothing, because the next statement may run elsewhere."""


def with_settings(settings: Mapping[str, str]) -> type[PgBouncerConnection]:
    """Return the class of connections whose transactions have these settings of PostgreSQL."""
    statements = "".join(f"SET LOCAL {name} = '{value}';" for name, value in settings.items())
    return type("PgBouncerConnection", (PgBouncerConnection,), {"begin_with": statements})


async def keeps_sessions(url: str, *, timeout: float) -> bool:
    """Tell whether a connection reaches one process of the server for as long as it is open, as one that listens must.

    A pooler that may ignore what connections want for their session accepts them too. In transaction mode, the server
    process that listens serves other connections, and the pooler sends no notice to one that is idle.
    """
    channel, notified = f"linkskipper_{token_hex(8)}", asyncio.Event()
    listener = await connect_to_first(url, timeout=timeout, statement_cache_size=0)
    try:
        await listener.add_listener(channel, lambda *_: notified.set())
        notifier = await connect_to_first(url, timeout=timeout, statement_cache_size=0)
        try:
            await notifier.execute(f"NOTIFY {channel}", timeout=timeout)
        finally:
            notifier.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(NOTICE_SECONDS):
                await notified.wait()
    finally:
        listener.terminate()
    return notified.is_set()
