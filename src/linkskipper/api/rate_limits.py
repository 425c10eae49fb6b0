"""The per-minute limit: a rolling window of 60 seconds over all calls with a key (api.md, "Common rules")."""

import math
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Hashable
from typing import Protocol

import msgspec
import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from valkey.asyncio import BlockingConnectionPool

from linkskipper.errors import SettingsError
from linkskipper.metrics import LIMITS_STORE_AWAY

log = structlog.get_logger()

WINDOW_SECONDS = 60
STORE_SECONDS = 0.25  # how long an answer may wait for the shared store
STORE_CONNECTIONS = 50
STORE_RETRY_SECONDS = 5


class WindowState(msgspec.Struct, frozen=True):
    """A window after a call: whether the call was in the limit, how many more are, and when there is room again.

    reset_seconds is when the oldest call leaves the window: whoever waits so long finds room.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int


class RateLimiter(Protocol):
    """Rolling windows of callers."""

    async def hit(self, caller: Hashable, limit: int) -> WindowState:
        """Count a call, if there is room for it."""


class InMemoryRateLimiter:
    """Counts calls of the last 60 seconds in this process's memory, exactly.

    A refused call does not count. It costs about 1 µs a call, where the in-memory storage of the library
    ``limits`` takes 15 to 50 (docs/decisions/0004-rate-limits.md).
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: dict[Hashable, _Calls] = {}
        self._next_sweep = clock() + WINDOW_SECONDS

    async def hit(self, caller: Hashable, limit: int) -> WindowState:
        """Count a call, if there is room for it."""
        now = self._clock()
        calls = self._recent(caller, now)
        allowed = len(calls) < limit
        if allowed:
            calls.add(now)
        return _state(calls, limit, now, allowed=allowed)

    def _recent(self, caller: Hashable, now: float) -> "_Calls":
        if now >= self._next_sweep:
            self._sweep(now)
        calls = self._calls.get(caller)
        if calls is None:
            calls = self._calls[caller] = _Calls()
        calls.forget(now - WINDOW_SECONDS)
        return calls

    def _sweep(self, now: float) -> None:
        """Forget callers that have been silent, so that memory follows the callers of the last minutes."""
        self._next_sweep = now + WINDOW_SECONDS
        for calls in self._calls.values():
            calls.forget(now - WINDOW_SECONDS)
        for caller in [caller for caller, calls in self._calls.items() if not calls]:
            del self._calls[caller]


class _Calls:
    """When a caller's recent calls were, oldest first: plain numbers, which no collector of garbage walks through."""

    __slots__ = ("_first", "_times")

    def __init__(self) -> None:
        self._times = array("d")
        self._first = 0  # those before it are forgotten

    def __len__(self) -> int:
        return len(self._times) - self._first

    def __getitem__(self, number: int) -> float:
        return self._times[self._first + number]

    def add(self, time: float) -> None:
        """Note a call, the latest."""
        self._times.append(time)

    def forget(self, until: float) -> None:
        """Forget the calls up to a time."""
        self._first = bisect_right(self._times, until, self._first)
        if self._first > len(self._times) // 2:
            del self._times[: self._first]
            self._first = 0


def _state(calls: _Calls, limit: int, now: float, *, allowed: bool) -> WindowState:
    # With room left, the oldest call is the next to make more; without, it is the one that must go first.
    leaves = calls[max(0, len(calls) - limit)] + WINDOW_SECONDS if calls else now
    return WindowState(
        allowed=allowed,
        limit=limit,
        remaining=max(0, limit - len(calls)),
        reset_seconds=max(1, math.ceil(leaves - now)),
    )


class SharedRateLimiter:
    """Counts calls in a Valkey or Redis server, for several API processes together.

    While the server is away, each process counts for itself: answers go on, the log and the metrics say so.

    Raises:
        SettingsError: the URL names no such server.
    """

    def __init__(self, url: str, local: RateLimiter, *, clock: Callable[[], float] = time.time) -> None:
        try:
            self._pool = BlockingConnectionPool.from_url(
                url,
                max_connections=STORE_CONNECTIONS,
                timeout=STORE_SECONDS,
                socket_timeout=STORE_SECONDS,
                socket_connect_timeout=STORE_SECONDS,
            )
        except ValueError as error:
            raise SettingsError(f"LINKSKIPPER_LIMITS_URL: {error}") from None
        storage = RedisStorage(
            "async+valkey://",
            implementation="valkey",
            wrap_exceptions=True,
            connection_pool=self._pool,  # type: ignore[arg-type]  # it is taken, though the signature names no pools
        )
        self._windows = MovingWindowRateLimiter(storage)
        self._local = local
        self._clock = clock
        self._away_until = 0.0

    async def close(self) -> None:
        """Close the connections to the store."""
        await self._pool.disconnect()

    async def hit(self, caller: Hashable, limit: int) -> WindowState:
        """Count a call, if there is room for it."""
        if self._clock() < self._away_until:
            return await self._local.hit(caller, limit)
        try:
            state = await self._hit(str(caller), RateLimitItemPerMinute(limit))
        except StorageError as error:
            self._note_away(error)
            return await self._local.hit(caller, limit)
        LIMITS_STORE_AWAY.set(0)
        return state

    def _note_away(self, error: StorageError) -> None:
        """Once for all the calls that found it away together."""
        if self._clock() >= self._away_until:
            log.warning("limits.store_away", error=str(error), note="each process counts for itself meanwhile")
        LIMITS_STORE_AWAY.set(1)
        self._away_until = self._clock() + STORE_RETRY_SECONDS

    async def _hit(self, caller: str, item: RateLimitItemPerMinute) -> WindowState:
        allowed = await self._windows.hit(item, caller)
        window = await self._windows.get_window_stats(item, caller)
        return WindowState(
            allowed=allowed,
            limit=item.amount,
            remaining=max(0, window.remaining),
            reset_seconds=max(1, math.ceil(window.reset_time - self._clock())),
        )
