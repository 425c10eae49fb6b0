"""PgQueuer's statements as a worker runs them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from pgqueuer import Queries

LOOK = """
SELECT
    EXISTS (SELECT FROM pgqueuer WHERE entrypoint = ANY($1::text[]) AND status = 'queued' AND execute_after <= now())
        AS has_due,
    (SELECT execute_after - now() FROM pgqueuer
        WHERE entrypoint = ANY($1::text[]) AND status = 'queued' AND execute_after > now()
        ORDER BY execute_after LIMIT 1) AS next_due
"""


class WorkerQueries(Queries):
    """PgQueuer's statements, fewer of them.

    PgQueuer asks three questions before it sleeps. Here the first one reads the answers to all.

    The channel of a queue tells of entries that can be taken. It tells nothing of entries that have ended, which matter
    only to the worker that had them, and only while more wait than it may take.
    """

    look_again: Callable[[], None]
    _has_due = False
    _next_due: timedelta | None = None

    async def eligible_queued_work(self, entrypoints: list[Any]) -> int:
        """Return 1 if entries could be taken, else 0."""
        (row,) = await self.driver.fetch(LOOK, entrypoints)
        self._has_due, self._next_due = cast("tuple[bool, timedelta | None]", (row["has_due"], row["next_due"]))
        return int(self._has_due)

    async def next_deferred_eta(self, entrypoints: list[Any]) -> timedelta | None:  # noqa: ARG002 (as PgQueuer calls it)
        """Return the time until the next entry is due, as read last. None if there is none."""
        return self._next_due

    async def queued_work(self, entrypoints: list[Any]) -> int:  # noqa: ARG002
        """Return 1 if entries wait or are delayed, as read last, else 0."""
        return int(self._has_due or self._next_due is not None)

    async def log_jobs(self, job_status: list[Any]) -> None:
        """Delete entries that have ended."""
        await super().log_jobs(job_status)
        if self._has_due:
            self.look_again()
