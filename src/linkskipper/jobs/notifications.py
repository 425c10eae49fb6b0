"""Tell the waiting clients of this process that jobs have ended, without polling the database."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import chain
from uuid import UUID

import structlog

from linkskipper.database import STATEMENT_SECONDS, Connection, Pool, open_connection
from linkskipper.jobs.queries import CHANNEL, COUNT_LISTENERS, NOTIFY
from linkskipper.periodic import Periodic

log = structlog.get_logger()

RECONNECT_SECONDS = 1
PROBE_SECONDS = 5  # a lost connection is noticed within twice the time
MAX_UNREAD = 10_000
JOBS_PER_NOTICE = 130  # PostgreSQL limits a notice to 8000 bytes, a job takes up to 57


class JobSubscription:
    """The ids of jobs of some keys that end while it is open. It overflows if MAX_UNREAD of them wait unread."""

    def __init__(self) -> None:
        self.overflowed = False
        self._job_ids: list[UUID] = []
        self._woken = asyncio.Event()

    async def receive(self) -> list[UUID]:
        """Return the jobs that ended since the last call. Wait for one, or for `wake`, which may bring none."""
        await self._woken.wait()
        self._woken.clear()
        job_ids, self._job_ids = self._job_ids, []
        return job_ids

    def publish(self, job_id: UUID) -> None:
        """Add a job that ended."""
        if len(self._job_ids) < MAX_UNREAD:
            self._job_ids.append(job_id)
        else:
            self.overflowed = True
        self.wake()

    def wake(self) -> None:
        """End a wait in `receive`."""
        self._woken.set()


class JobNotifier:
    """Listens on one connection for jobs that end, and wakes the tasks of this process that wait for them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.closed = False
        self._watches: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._subscriptions: defaultdict[int, set[JobSubscription]] = defaultdict(set)

    def periodic(self) -> Periodic:
        """Return the listening to repeat. A lost connection is opened again."""
        return Periodic("jobs.listen", self._listen, every=RECONNECT_SECONDS)

    def close(self) -> None:
        """Wake every waiting task, because the process stops."""
        self.closed = True
        self._wake_watches()
        for subscription in chain.from_iterable(self._subscriptions.values()):
            subscription.wake()

    @contextlib.asynccontextmanager
    async def watch(self, job_id: UUID) -> AsyncIterator[asyncio.Event]:
        """Provide an event that is set when the job may have ended. Read the job then."""
        event = asyncio.Event()
        self._watches[job_id].add(event)
        try:
            yield event
        finally:
            self._watches[job_id].discard(event)
            if not self._watches[job_id]:
                del self._watches[job_id]

    @contextlib.contextmanager
    def subscribe(self, *key_ids: int) -> Iterator[JobSubscription]:
        """Subscribe to the jobs of keys. Those that end while the connection is lost are missed."""
        subscription = JobSubscription()
        for key_id in key_ids:
            self._subscriptions[key_id].add(subscription)
        try:
            yield subscription
        finally:
            for key_id in key_ids:
                self._subscriptions[key_id].discard(subscription)
                if not self._subscriptions[key_id]:
                    del self._subscriptions[key_id]

    async def _listen(self) -> None:
        connection = await open_connection(self._url, name=CHANNEL, statement_seconds=STATEMENT_SECONDS)
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda _connection, _pid, _channel, payload: self._receive(payload))
            self._wake_watches()
            await _wait_until_lost(connection, lost)
        finally:
            connection.terminate()
            self._wake_watches()

    def _receive(self, payload: object) -> None:
        for entry in str(payload).split(","):
            job_id, _, key_id = entry.partition(":")
            self._wake(UUID(job_id))
            for subscription in self._subscriptions.get(int(key_id), ()):
                subscription.publish(UUID(job_id))

    def _wake(self, job_id: UUID) -> None:
        for event in self._watches.get(job_id, ()):
            event.set()

    def _wake_watches(self) -> None:
        """Wake all who watch a job, because an end may have been missed."""
        for job_id in list(self._watches):
            self._wake(job_id)


async def count_listeners(pool: Pool) -> int:
    """Return the number of processes that listen for jobs in this database: those that serve the API."""
    return int(await pool.fetchval(COUNT_LISTENERS, CHANNEL))


async def notify_ended(connection: Connection, jobs: Sequence[tuple[UUID, int]]) -> None:
    """Tell all processes that jobs have ended. Each job is its id and its key."""
    entries = [f"{job_id}:{key_id}" for job_id, key_id in jobs]
    for begin in range(0, len(entries), JOBS_PER_NOTICE):
        await connection.execute(NOTIFY, ",".join(entries[begin : begin + JOBS_PER_NOTICE]))


async def _wait_until_lost(connection: Connection, lost: asyncio.Event) -> None:
    """Return once the connection is lost. Probe it, because a server that vanishes closes nothing."""
    while not lost.is_set():
        try:
            await asyncio.wait_for(lost.wait(), PROBE_SECONDS)
        except TimeoutError:
            await connection.execute("SELECT 1", timeout=PROBE_SECONDS)
