"""The time in which a request is answered, even if the database is silent.

One timer looks at all open requests. A timer for each of them would cost a cached answer a tenth of its time.
"""

import asyncio
import math
from time import monotonic
from typing import Any

from linkskipper.errors import DatabaseUnavailable

ANSWER_SECONDS = 9  # for connections, statements and repetitions together. Clients may count on 10
AFTER_WAIT_SECONDS = 5
LOOK_SECONDS = 0.25


class TimeLimits:
    """The open requests of an application. It looks at them while there are any."""

    def __init__(self) -> None:
        self._limits: dict[asyncio.Task[Any] | None, TimeLimit] = {}
        self._looking = False

    def add(self, task: asyncio.Task[Any] | None, limit: "TimeLimit") -> None:
        """Cancel the task when its time is over, unless it is removed before."""
        self._limits[task] = limit
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def remove(self, task: asyncio.Task[Any] | None) -> None:
        """Forget a task."""
        del self._limits[task]

    def _look(self) -> None:
        now = monotonic()
        for task, limit in self._limits.items():
            if limit.ends_at < now and task is not None:
                limit.cancellations += 1  # one at each look, because what cleans up may wait for the database too
                task.cancel()
        self._looking = bool(self._limits)
        if self._looking:
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)


class TimeLimit:
    """The time for one request, as a context in its task.

    Raises:
        DatabaseUnavailable: the time is over.
    """

    __slots__ = ("_limits", "_paused_at", "_task", "began", "cancellations", "ends_at")

    def __init__(self, limits: TimeLimits, began: float) -> None:
        self._limits = limits
        self._task: asyncio.Task[Any] | None = None
        self.began = began
        self.ends_at = began + ANSWER_SECONDS
        self.cancellations = 0

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        self._limits.add(self._task, self)

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        task, self._task = self._task, None
        self._limits.remove(task)
        if not self.cancellations or task is None:
            return
        for _ in range(self.cancellations):
            task.uncancel()
        if kind is asyncio.CancelledError:
            raise DatabaseUnavailable("The database did not answer in time.") from None

    def pause(self) -> None:
        """Stop the time, while the client sends its request or waits for a job."""
        self._paused_at, self.ends_at = monotonic(), math.inf

    def go_on(self) -> None:
        """Continue after a pause in which the client was sending. That time does not count."""
        self.began += monotonic() - self._paused_at
        self.ends_at = self.began + ANSWER_SECONDS

    def end_wait(self) -> None:
        """Continue after a pause that the client asked for. There is time for a last look at the job."""
        self.ends_at = max(self.began + ANSWER_SECONDS, monotonic() + AFTER_WAIT_SECONDS)
