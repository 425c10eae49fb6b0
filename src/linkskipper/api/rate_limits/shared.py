"""The rate limiter that several API processes share."""

import math
import time
from collections.abc import Callable, Hashable

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from valkey.asyncio import BlockingConnectionPool

from linkskipper.api.rate_limits.window import RateLimiter, WindowState
from linkskipper.errors import SettingsError
from linkskipper.metrics import LIMITS_STORE_AWAY

log = structlog.get_logger()

STORE_TIMEOUT_SECONDS = 0.25
STORE_CONNECTIONS = 50
STORE_RETRY_SECONDS = 5


class SharedRateLimiter:
    """Counts calls in a Valkey or Redis server.

    While the server is unavailable, each process counts with its `fallback`. The log and the metrics show that.

    Raises:
        SettingsError: the URL does not name such a server.
    """

    def __init__(self, url: str, fallback: RateLimiter, *, clock: Callable[[], float] = time.time) -> None:
        try:
            self._pool = BlockingConnectionPool.from_url(
                url,
                max_connections=STORE_CONNECTIONS,
                timeout=STORE_TIMEOUT_SECONDS,
                socket_timeout=STORE_TIMEOUT_SECONDS,
                socket_connect_timeout=STORE_TIMEOUT_SECONDS,
            )
        except ValueError as error:
            raise SettingsError(f"LINKSKIPPER_LIMITS_URL: {error}") from None
        self._storage = RedisStorage(
            "async+valkey://",
            implementation="valkey",
            wrap_exceptions=True,
            connection_pool=self._pool,  # type: ignore[arg-type]  # the signature names no pools, the code takes them
        )
        self._windows = MovingWindowRateLimiter(self._storage)
        self._fallback = fallback
        self._clock = clock
        self._retry_at = 0.0

    async def close(self) -> None:
        """Close the connections to the server."""
        await self._pool.disconnect()

    async def answers(self) -> bool:
        """Tell whether the server answers."""
        return await self._storage.check()

    async def hit(self, caller: Hashable, limit: int) -> WindowState:
        """Count a call of the caller unless it exceeds the limit."""
        if self._clock() < self._retry_at:
            return await self._fallback.hit(caller, limit)
        try:
            state = await self._hit(str(caller), RateLimitItemPerMinute(limit))
        except StorageError as error:
            self._fall_back(error)
            return await self._fallback.hit(caller, limit)
        LIMITS_STORE_AWAY.set(0)
        return state

    def _fall_back(self, error: StorageError) -> None:
        if self._clock() >= self._retry_at:  # log once for all calls that failed together
            log.warning("limits.store_away", error=str(error), note="until it is back, each process counts alone")
        LIMITS_STORE_AWAY.set(1)
        self._retry_at = self._clock() + STORE_RETRY_SECONDS

    async def _hit(self, caller: str, item: RateLimitItemPerMinute) -> WindowState:
        allowed = await self._windows.hit(item, caller)
        window = await self._windows.get_window_stats(item, caller)
        reset_seconds = max(1, math.ceil(window.reset_time - self._clock()))
        return WindowState(allowed, item.amount, max(0, window.remaining), reset_seconds)
