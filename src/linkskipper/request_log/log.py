"""Write the request log without making any request wait: in batches, and with a bound on what waits."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec

from linkskipper.database import Pool
from linkskipper.errors import DatabaseError
from linkskipper.metrics import REQUESTS_NOT_LOGGED
from linkskipper.periodic import Periodic
from linkskipper.request_log import queries

WRITE_SECONDS = 1
MAX_WAITING = 10_000  # requests that wait to be written. Later ones are not logged
SUCCESSES_PER_SECOND = 10  # of a key. Later ones of that second are not logged
FAILURES_PER_MINUTE = 300  # of a key. Refused requests are free, so a client can send them without end


class LoggedRequest(msgspec.Struct, frozen=True, gc=False):
    """A request of a key. `code` is that of its problem document, None for a success."""

    at: datetime
    account_id: int
    key_id: int
    request_id: str
    method: str
    path: str
    status: int
    code: str | None
    milliseconds: float
    job_id: UUID | None


class RequestLog:
    """Collects requests and writes them once a second. Of the requests of a busy key, some are logged.

    While the database is away, MAX_WAITING requests wait. Later ones are not logged.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: list[LoggedRequest] = []
        self._successes = _Share(SUCCESSES_PER_SECOND, 1)
        self._failures = _Share(FAILURES_PER_MINUTE, 60)

    def takes(self, key_id: int, now: float, *, is_success: bool) -> bool:
        """Tell whether a request is logged, and count it. `now` is a monotonic time in seconds."""
        if not (self._successes if is_success else self._failures).takes(key_id, now):
            return False
        if len(self._waiting) >= MAX_WAITING:
            REQUESTS_NOT_LOGGED.inc()
            return False
        return True

    def add(self, request: LoggedRequest) -> None:
        """Add a request that `takes` accepted."""
        self._waiting.append(request)

    def periodic(self) -> Periodic:
        """Return the writing to repeat."""
        return Periodic("request_log.write", self.write, every=WRITE_SECONDS)

    async def write(self) -> None:
        """Write the requests that wait. They wait on if the database does not take them."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        rows = [msgspec.structs.astuple(request) for request in waiting]
        try:
            await self._pool.execute(queries.ADD, *zip(*rows, strict=True))
        except BaseException:
            self._waiting = (waiting + self._waiting)[:MAX_WAITING]
            raise

    async def close(self) -> None:
        """Write what waits, for the last time."""
        with suppress(DatabaseError):
            await self.write()


class _Share:
    """Takes `limit` requests of each key in `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._until = 0.0
        self._taken: dict[int, int] = {}  # by key

    def takes(self, key_id: int, now: float) -> bool:
        if now >= self._until:
            self._until, self._taken = now + self._seconds, {}
        taken = self._taken.get(key_id, 0)
        if taken == self._limit:
            return False
        self._taken[key_id] = taken + 1
        return True
