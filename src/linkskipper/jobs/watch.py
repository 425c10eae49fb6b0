"""Waiting for jobs to end, without asking the database again and again."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import structlog

from linkskipper.errors import DatabaseError
from linkskipper.jobs.queries import CHANNEL
from linkskipper.storage import open_connection

log = structlog.get_logger()

RECONNECT_SECONDS = 1


class Watch:
    """Listens on one connection for jobs that end, and wakes those in this process who wait for them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.closed = False
        self._waiting: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._followers: set[asyncio.Queue[list[UUID]]] = set()

    async def run(self) -> None:
        """Listen until cancelled; a lost connection is made again."""
        while True:
            try:
                await self._listen()
            except (OSError, DatabaseError) as error:
                log.warning("watch.lost", error=str(error), retry_seconds=RECONNECT_SECONDS)
            await asyncio.sleep(RECONNECT_SECONDS)

    def close(self) -> None:
        """Let everybody go: the process is about to stop."""
        self.closed = True
        self._wake_all()
        for queue in self._followers:
            queue.put_nowait([])

    @contextlib.asynccontextmanager
    async def on(self, job_id: UUID) -> AsyncIterator[asyncio.Event]:
        """An event that is set when the job may have ended: look again, then."""
        event = asyncio.Event()
        self._waiting[job_id].add(event)
        try:
            yield event
        finally:
            self._waiting[job_id].discard(event)
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    @contextlib.contextmanager
    def all(self) -> Iterator["asyncio.Queue[list[UUID]]"]:
        """The ids of all jobs that end meanwhile, as they come; none while the connection is lost, or on closing."""
        queue: asyncio.Queue[list[UUID]] = asyncio.Queue()
        self._followers.add(queue)
        try:
            yield queue
        finally:
            self._followers.discard(queue)

    async def _listen(self) -> None:
        connection = await open_connection(self._url)
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda _connection, _pid, _channel, payload: self._ended(payload))
            self._wake_all()
            await lost.wait()
        finally:
            connection.terminate()
            self._wake_all()

    def _ended(self, payload: object) -> None:
        job_ids = [UUID(job_id) for job_id in str(payload).split(",") if job_id]
        for job_id in job_ids:
            self._wake(job_id)
        for queue in self._followers:
            queue.put_nowait(job_ids)

    def _wake(self, job_id: UUID) -> None:
        for event in self._waiting.get(job_id, ()):
            event.set()

    def _wake_all(self) -> None:
        """Whoever waited while nobody listened may have missed the end."""
        for job_id in list(self._waiting):
            self._wake(job_id)
