"""Store the hops of a job while they are taken, for a person who watches."""

import asyncio
from contextlib import suppress

import asyncpg

from linkskipper.database import Pool
from linkskipper.errors import DatabaseUnavailable
from linkskipper.jobs import queries
from linkskipper.jobs.states import JobAttempt
from linkskipper.jobs.trace import encode_trace
from linkskipper.resolver import Hop


class LiveHops:
    """The hops of one attempt so far. The link never waits for them to be stored."""

    def __init__(self, pool: Pool, attempt: JobAttempt) -> None:
        self._pool = pool
        self._attempt = attempt
        self._hops: list[Hop] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, hop: Hop) -> None:
        """Add a hop. Those that come while others are stored are stored together."""
        self._hops.append(hop)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def close(self) -> None:
        """Wait until what was begun is stored."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        attempt, written = self._attempt, 0
        with suppress(DatabaseUnavailable, asyncpg.PostgresError):  # the result of the link does not depend on it
            while written < len(self._hops):
                written = len(self._hops)
                trace = encode_trace(self._hops)
                await self._pool.execute(queries.SHOW_HOPS, attempt.job_id, attempt.attempt, attempt.lease, *trace)
