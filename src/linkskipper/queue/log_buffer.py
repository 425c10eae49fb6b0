"""The buffer of PgQueuer for entries that have ended."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pgqueuer.core import buffers


@dataclass
class LogBuffer(buffers.JobStatusLogBuffer):
    """Write ended entries down in batches, a tenth of a second after the first of each batch.

    PgQueuer's own buffer wakes ten times a second in each queue, even if nothing ends. That was more than half of
    what a service at rest took from the processor.
    """

    _filled: asyncio.Event = field(init=False, default_factory=asyncio.Event)

    async def add(self, item: Any) -> None:
        """Add an entry."""
        await super().add(item)
        self._filled.set()

    async def periodic_flush(self) -> None:
        """Write until the buffer is closed. Entries that the database does not take are written later."""
        while not self.shutdown.is_set():
            await self._filled.wait()
            self._filled.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.shutdown.wait(), self.timeout.total_seconds())
            await self.flush()

    async def flush(self) -> None:
        """Write what is there. PgQueuer calls this too, once a batch is full, and puts back what cannot be written."""
        await super().flush()
        if not self.events.empty():
            self._filled.set()

    async def __aexit__(self, *exc_info: object) -> None:
        """Write what is left, and end."""
        self._filled.set()
        await super().__aexit__(*exc_info)
