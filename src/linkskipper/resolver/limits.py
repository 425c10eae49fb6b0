"""Whose turn it is at a provider: how many links are there at once, and how far apart their requests are."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol
from weakref import WeakValueDictionary

from linkskipper.catalog import Provider


class ProviderLimiter(Protocol):
    """Keeps a provider's limits on concurrency and spacing; asked only where it has any."""

    def slot(self, provider: Provider) -> AbstractAsyncContextManager[None]:
        """A place at the provider for one link; waits for it, or raises Full at once."""

    async def reserve(self, provider: Provider, within: float) -> float | None:
        """Seconds until the link may send its next request; None, and nothing reserved, if that is over `within`."""


class InProcessLimiter:
    """Keeps the limits among the links of this process, which get their places in the order in which they came."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._places: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._next_at: dict[str, float] = {}

    @asynccontextmanager
    async def slot(self, provider: Provider) -> AsyncIterator[None]:
        """Wait for a place, and hold it."""
        places = self._places.setdefault(provider.id, asyncio.Semaphore(provider.limits.at_once or 1))
        async with places:
            yield

    async def reserve(self, provider: Provider, within: float) -> float | None:
        """See Turns."""
        now = self._clock()
        turn = max(now, self._next_at.get(provider.id, now))
        if turn - now > within:
            return None
        self._next_at[provider.id] = turn + (provider.limits.min_interval or 0)
        return turn - now
