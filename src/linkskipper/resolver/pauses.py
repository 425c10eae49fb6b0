"""Measure how long this process stood still: stopped by a signal, in a paused machine, or short of processor time.

What expires during such a pause is not the fault of a link or a host. The clock ticks while links are resolved. A tick
that comes late shows a pause.
"""

import asyncio
from types import TracebackType

TICK_SECONDS = 0.25
NOTICEABLE_SECONDS = 1.0  # a shorter delay costs no answer: the limits of a fetch are much longer


class PauseClock:
    """Counts the seconds of all pauses. Use it as a context manager, once for each link, in one event loop."""

    __slots__ = ("_due", "_links", "_loop", "_lost", "_timer")

    def __init__(self) -> None:
        self._links = 0
        self._loop: asyncio.AbstractEventLoop  # of the timer. To ask for it is a system call in Python 3.11
        self._lost = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        self._links += 1
        if self._timer is None:
            self._loop = asyncio.get_running_loop()
            self._schedule()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._links -= 1
        if not self._links and self._timer is not None:
            self._lost = self.lost
            self._timer.cancel()
            self._timer = None

    def time(self) -> float:
        """Return the time of the event loop's clock, in seconds. Call this only for a link that is counted."""
        return self._loop.time()

    @property
    def lost(self) -> float:
        """The seconds of all pauses so far. A pause counts as soon as it is over, before the next tick."""
        if self._timer is None:
            return self._lost
        late = self._loop.time() - self._due
        return self._lost + (late if late > NOTICEABLE_SECONDS else 0)

    def _schedule(self) -> None:
        self._due = self._loop.time() + TICK_SECONDS
        self._timer = self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        self._lost = self.lost
        self._schedule()
