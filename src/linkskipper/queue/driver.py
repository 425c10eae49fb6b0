"""PgQueuer's way to the database: one connection, which is replaced when it is lost.

PgQueuer ends with its connection, and waits for every entry under way before it does. Here it keeps its entries: their
heartbeats, and new entries, go over the next connection.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from pgqueuer.db import AsyncpgDriver

from linkskipper.database import STATEMENT_SECONDS, Connection, open_connection
from linkskipper.errors import DatabaseError, DatabaseUnavailable

log = structlog.get_logger()

RECONNECT_SECONDS = 1
CHANNEL_PREFIX = "linkskipper_queue_"  # before the name of a queue (see install.py)

T = TypeVar("T")
Notified = Callable[[str | bytes | bytearray], None]


class ReconnectingDriver(AsyncpgDriver):
    """Runs PgQueuer's statements, and repeats one that lost its connection on the next one.

    It listens to the channels of its queues, and leaves PgQueuer's own channel alone. `reconnected` is called with each
    new connection before any statement.
    """

    def __init__(self, url: str, queues: Sequence[str], reconnected: Callable[[Connection], Awaitable[None]]) -> None:
        self._shutdown = asyncio.Event()  # PgQueuer's own
        self._url = url
        self._name = queues[0]
        self._channels = [CHANNEL_PREFIX + queue for queue in queues]
        self._reconnected = reconnected
        self._current: Connection | None = None
        self._listeners: list[Notified] = []
        self._turn = asyncio.Lock()
        self._closing = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the connection is open."""
        return self._current is not None and not self._current.is_closed()

    async def open(self) -> None:
        """Open the connection, and open another one whenever it is lost."""
        await self._run(_nothing)
        self._keeping = asyncio.create_task(self._keep())

    def no_more(self) -> None:
        """Open no further connection. Statements fail once this one is lost."""
        self._closing.set()

    def close(self) -> None:
        """Close the connection at once."""
        self.no_more()
        if self._keeping is not None:
            self._keeping.cancel()
        if self._current is not None:
            self._current.terminate()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """Return the rows of a statement."""
        rows = await self._run(lambda connection: connection.fetch(query, *args))
        return [dict(row) for row in rows]

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement."""
        return await self._run(lambda connection: connection.execute(query, *args))

    async def notify(self, _: str, payload: str) -> None:
        """Send a notice to the workers of the first queue. PgQueuer checks with it whether it hears itself."""
        await self.execute("SELECT pg_notify($1, $2)", self._channels[0], payload)

    async def add_listener(self, _: str, callback: Notified) -> None:
        """Call back with each notice of the queues, on this connection and on later ones."""
        await self._run(lambda connection: self._listen(connection, callback))
        self._listeners.append(callback)

    def look_again(self) -> None:
        """Let PgQueuer look at its queues as after a notice."""
        for callback in self._listeners:
            callback(_changed())

    async def _run(self, statement: Callable[[Connection], Awaitable[T]]) -> T:
        """Run a statement on the connection, or on the next one.

        Raises:
            DatabaseUnavailable: the worker stops while it has no connection.
        """
        async with self._turn:
            while True:
                connection = await self._open_one()
                try:
                    return await statement(connection)
                except DatabaseUnavailable as error:
                    connection.terminate()
                    self._warn(error)

    async def _keep(self) -> None:
        """Replace a lost connection at once, because an idle worker waits for a notice."""
        while not self._closing.is_set():
            await self._lost.wait()
            try:
                await self._run(_nothing)
            except DatabaseError:
                return  # the worker stops
            except Exception:
                log.exception("queue.failed", queue=self._name, retry_seconds=RECONNECT_SECONDS)
                await self._pause()

    async def _open_one(self) -> Connection:
        while self._current is None or self._current.is_closed():
            if self._closing.is_set():
                raise DatabaseUnavailable("The connection of the queue is closed.")
            try:
                self._current = await self._connect()
            except DatabaseError as error:
                self._warn(error)
                await self._pause()
        return self._current

    async def _connect(self) -> Connection:
        connection = await open_connection(self._url, statement_seconds=STATEMENT_SECONDS)
        try:
            self._lost.clear()
            connection.add_termination_listener(lambda _: self._lost.set())
            for callback in self._listeners:
                await self._listen(connection, callback)
            await self._reconnected(connection)
        except BaseException:
            connection.terminate()
            raise
        self.look_again()  # a notice may have been missed
        return connection

    async def _listen(self, connection: Connection, callback: Notified) -> None:
        def receive(_connection: object, _pid: object, _channel: object, payload: Any) -> None:
            callback(payload)

        for channel in self._channels:
            await connection.add_listener(channel, receive)

    def _warn(self, error: DatabaseError) -> None:
        log.warning("queue.lost", queue=self._name, error=str(error), retry_seconds=RECONNECT_SECONDS)

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), RECONNECT_SECONDS)
        except TimeoutError:
            return


async def _nothing(_: Connection) -> None:
    pass


def _changed() -> str:
    """Return the notice by which PgQueuer looks at its table."""
    return json.dumps(
        {
            "channel": CHANNEL_PREFIX,
            "sent_at": datetime.now(UTC).isoformat(),
            "type": "table_changed_event",
            "operation": "update",
            "table": "pgqueuer",
        }
    )
