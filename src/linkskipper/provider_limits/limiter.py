"""The limits of providers, kept for one job."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from linkskipper.catalog import Provider
from linkskipper.provider_limits.slots import ProviderSlots
from linkskipper.queue.pgqueuer import QueueEntry
from linkskipper.resolver import ProviderAtCapacity

Persist = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""Repeats a call to the database until it is back."""


class SharedLimiter:
    """A job's turns at providers, over all workers; where there is no place for it, it is not kept waiting here."""

    def __init__(self, places: ProviderSlots, entry: QueueEntry, persist: Persist) -> None:
        self._places = places
        self._entry = entry
        self._persist = persist

    @asynccontextmanager
    async def slot(self, provider: Provider) -> AsyncIterator[None]:
        """See Turns; raises Full."""
        if not await self._persist(lambda: self._places.take(provider, self._entry)):
            raise ProviderAtCapacity(provider)
        try:
            yield
        finally:
            await self._places.leave(provider, self._entry.job_id)

    async def reserve(self, provider: Provider, within: float) -> float | None:
        """See Turns."""
        seconds: float | None = await self._persist(lambda: self._places.reserve(provider, within))
        return seconds
