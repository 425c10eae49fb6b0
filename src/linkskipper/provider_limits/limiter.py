"""Apply the limits of providers to one job."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from linkskipper.catalog import Provider
from linkskipper.database import Pool
from linkskipper.database.retry import until_available
from linkskipper.provider_limits.pacing import reserve_request
from linkskipper.provider_limits.slots import ProviderSlots, SlotHolder
from linkskipper.resolver import ProviderAtCapacity


class SharedLimiter:
    """Keep the limits of providers over all workers. A job without a slot fails at once instead of waiting.

    Calls to the database are repeated while it is unavailable, until `cancelled` is set.
    """

    def __init__(self, pool: Pool, slots: ProviderSlots, holder: SlotHolder, *, cancelled: asyncio.Event) -> None:
        self._pool = pool
        self._slots = slots
        self._holder = holder
        self._cancelled = cancelled

    @asynccontextmanager
    async def slot(self, provider: Provider) -> AsyncIterator[None]:
        """Hold a slot.

        Raises:
            ProviderAtCapacity: no slot is free.
        """
        if not await until_available(lambda: self._slots.acquire(provider, self._holder), abandoned=self._cancelled):
            raise ProviderAtCapacity(provider)
        try:
            yield
        finally:
            await self._slots.release(provider, self._holder)

    async def reserve(self, provider: Provider, within: float) -> float | None:
        """See `reserve_request`."""
        return await until_available(lambda: reserve_request(self._pool, provider, within), abandoned=self._cancelled)
