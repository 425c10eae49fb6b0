"""PgQueuer's statements as a worker runs them."""

from collections.abc import Callable
from typing import Any

from pgqueuer import Queries


class WorkerQueries(Queries):
    """PgQueuer's statements, which look at the queue again when an entry of a full worker has ended.

    The channel of a queue tells of entries that can be taken. It tells nothing of entries that have ended, which matter
    only to the worker that had them, and only while more wait than it may take.
    """

    look_again: Callable[[], None]
    _entries_wait = False

    async def eligible_queued_work(self, entrypoints: list[Any]) -> int:
        """Return whether entries wait, and remember it: this is asked when a worker can take no more."""
        count = await super().eligible_queued_work(entrypoints)
        self._entries_wait = count > 0
        return count

    async def log_jobs(self, job_status: list[Any]) -> None:
        """Delete entries that have ended."""
        await super().log_jobs(job_status)
        if self._entries_wait:
            self.look_again()
