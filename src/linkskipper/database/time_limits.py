"""The time in which a request is answered, even if the database is silent.

One timer looks at all open requests and adds to the time of each. A timer for each of them would cost a cached answer a
tenth of its time.
"""

import asyncio
from time import monotonic
from typing import Any

import msgspec

from linkskipper.errors import DatabaseUnavailable

ANSWER_SECONDS = 9  # for connections, statements and repetitions together. Clients may count on 10
AFTER_WAIT_SECONDS = 4
LOOK_SECONDS = 0.25
LONGEST_LOOK = 1  # seconds to add in one look. A process that was stopped for longer did not try to answer


class TimeLimits:
    """The open requests of an application. It looks at them while there are any."""

    def __init__(self) -> None:
        self.running: dict[asyncio.Task[Any] | None, TimeLimit] = {}
        self.looking = False
        self.loop: asyncio.AbstractEventLoop  # while looking: to ask for it is a system call in Python 3.11
        self._looked_at = 0.0

    def start_looking(self) -> None:
        """Look at the requests again and again until all are answered."""
        self.looking, self.loop, self._looked_at = True, asyncio.get_running_loop(), monotonic()
        self.loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        now = monotonic()
        seconds, self._looked_at = min(now - self._looked_at, LONGEST_LOOK), now
        for task, limit in self.running.items():
            if task is not None and limit.is_over(seconds):
                task.cancel()
        self.looking = bool(self.running)
        if self.looking:
            self.loop.call_later(LOOK_SECONDS, self._look)


class TimeLimit(msgspec.Struct, gc=False):
    """The time for one request, as a context in its task. It stands still while `paused` is set.

    Raises:
        DatabaseUnavailable: the time is over.
    """

    limits: TimeLimits
    used: float = 0  # seconds, and up to LONGEST_LOOK more
    paused: bool = False
    cancellations: int = 0

    def __enter__(self) -> None:
        limits = self.limits
        if not limits.looking:
            limits.start_looking()
        limits.running[asyncio.current_task(limits.loop)] = self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        task = asyncio.current_task(self.limits.loop)
        del self.limits.running[task]
        if not self.cancellations or task is None:
            return
        for _ in range(self.cancellations):
            task.uncancel()
        if kind is asyncio.CancelledError:
            raise DatabaseUnavailable("The database did not answer in time.") from None

    def is_over(self, seconds: float) -> bool:
        """Add seconds. Tell whether the task must be cancelled, again if its end waits for the database too."""
        if self.paused:
            return False
        self.used += seconds
        if self.used <= ANSWER_SECONDS:
            return False
        self.cancellations += 1
        return True

    def rest_of(self, wait: float) -> float:
        """Return how many seconds are left of a wait that the client asked for. The time that is surely used counts."""
        return wait - max(0, self.used - LONGEST_LOOK)

    def end_wait(self) -> None:
        """Continue after a wait. At most AFTER_WAIT_SECONDS are left."""
        self.paused, self.used = False, max(self.used, ANSWER_SECONDS - AFTER_WAIT_SECONDS)
