"""Waiting for jobs to end, without asking the database again and again."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from itertools import chain
from uuid import UUID

import structlog

from linkskipper.database import AWAY, Connection, open_connection
from linkskipper.errors import DatabaseError
from linkskipper.jobs.queries import CHANNEL

log = structlog.get_logger()

RECONNECT_SECONDS = 1
PROBE_SECONDS = 10
MAX_UNREAD = 10_000


class Follower:
    """The ids of a key's jobs that end from now on; falls behind for good where too many of them wait unread."""

    def __init__(self) -> None:
        self.behind = False
        self._ids: list[UUID] = []
        self._came = asyncio.Event()

    async def ended(self) -> list[UUID]:
        """Those that have ended since the last call; waits for the first, or until it is woken for nothing."""
        await self._came.wait()
        self._came.clear()
        ids, self._ids = self._ids, []
        return ids

    def put(self, job_id: UUID) -> None:
        """Tell of another end."""
        if len(self._ids) < MAX_UNREAD:
            self._ids.append(job_id)
        else:
            self.behind = True
        self.wake()

    def wake(self) -> None:
        """Let whoever waits look at what has changed."""
        self._came.set()


class JobNotifier:
    """Listens on one connection for jobs that end, and wakes those in this process who wait for them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.closed = False
        self._waiting: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._followers: defaultdict[int, set[Follower]] = defaultdict(set)

    async def run(self) -> None:
        """Listen until cancelled; a lost connection is made again."""
        while True:
            try:
                await self._listen()
            except (*AWAY, DatabaseError) as error:
                log.warning("watch.lost", error=str(error), retry_seconds=RECONNECT_SECONDS)
            await asyncio.sleep(RECONNECT_SECONDS)

    def close(self) -> None:
        """Let everybody go: the process is about to stop."""
        self.closed = True
        self._wake_all()
        for follower in chain.from_iterable(self._followers.values()):
            follower.wake()

    def followers(self, key_id: int) -> int:
        """How many follow a key's jobs in this process."""
        return len(self._followers.get(key_id, ()))

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
    def follow(self, key_id: int) -> Iterator[Follower]:
        """What follows a key's jobs; it is told of none that end while the connection is lost."""
        follower = Follower()
        self._followers[key_id].add(follower)
        try:
            yield follower
        finally:
            self._followers[key_id].discard(follower)
            if not self._followers[key_id]:
                del self._followers[key_id]

    async def _listen(self) -> None:
        connection = await open_connection(self._url)
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda _connection, _pid, _channel, payload: self._ended(payload))
            self._wake_all()
            await _until(lost, connection)
        finally:
            connection.terminate()
            self._wake_all()

    def _ended(self, payload: object) -> None:
        for end in str(payload).split(","):
            job_id, _, key_id = end.partition(":")
            self._wake(UUID(job_id))
            for follower in self._followers.get(int(key_id), ()):
                follower.put(UUID(job_id))

    def _wake(self, job_id: UUID) -> None:
        for event in self._waiting.get(job_id, ()):
            event.set()

    def _wake_all(self) -> None:
        """Whoever waited while nobody listened may have missed the end."""
        for job_id in list(self._waiting):
            self._wake(job_id)


async def _until(lost: asyncio.Event, connection: Connection) -> None:
    """Wait until a connection is lost; ask it now and then, as nobody says so where a server vanishes."""
    while not lost.is_set():
        try:
            await asyncio.wait_for(lost.wait(), PROBE_SECONDS)
        except TimeoutError:
            await connection.execute("SELECT 1", timeout=PROBE_SECONDS)
