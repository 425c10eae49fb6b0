"""A provider's limits on links at a time and on the interval between requests."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol
from weakref import WeakValueDictionary

from linkskipper.catalog import Provider


class ProviderLimiter(Protocol):
    """Keeps a provider's limits on concurrency and spacing. It is called only for providers that have them."""

    def slot(self, provider: Provider) -> AbstractAsyncContextManager[None]:
        """Hold a slot at the provider for one link.

        Raises:
            ProviderAtCapacity: No slot is free, and the limiter does not wait.
        """

    async def reserve(self, provider: Provider, within: float) -> float | None:
        """Reserve the link's next request.

        Return the seconds until it may be sent. Return None, and reserve nothing, if they exceed `within`.
        """


class InProcessLimiter:
    """Keeps the limits among the links of this process. Slots are given in order of arrival."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._next_at: dict[str, float] = {}

    @asynccontextmanager
    async def slot(self, provider: Provider) -> AsyncIterator[None]:
        """Wait for a slot, and hold it."""
        slots = self._slots.setdefault(provider.id, asyncio.Semaphore(provider.limits.at_once or 1))
        async with slots:
            yield

    async def reserve(self, provider: Provider, within: float) -> float | None:
        """Implement `ProviderLimiter.reserve`."""
        now = self._clock()
        turn = max(now, self._next_at.get(provider.id, now))
        if turn - now > within:
            return None
        self._next_at[provider.id] = turn + (provider.limits.min_interval or 0)
        return turn - now
