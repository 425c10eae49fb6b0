"""The rate limiter of a single API process."""

import math
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Hashable

from linkskipper.api.rate_limits.window import WINDOW_SECONDS, WindowState


class InMemoryRateLimiter:
    """Counts calls exactly, in the memory of this process. Refused calls do not count.

    A call takes 1 µs. The library `limits` takes 15 to 50 (docs/decisions/0004-rate-limits.md).
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: dict[Hashable, _CallTimes] = {}
        self._next_sweep = clock() + WINDOW_SECONDS

    async def hit(self, caller: Hashable, limit: int) -> WindowState:
        """Count a call of the caller unless it exceeds the limit."""
        now = self._clock()
        calls = self._recent(caller, now)
        allowed = len(calls) < limit
        if allowed:
            calls.add(now)
        # With calls left, the window has more room once its oldest call leaves. A refused caller waits for the call
        # that brings it below the limit, which is a later one if the limit was lowered.
        leaves = calls[max(0, len(calls) - limit)] + WINDOW_SECONDS if calls else now
        return WindowState(allowed, limit, max(0, limit - len(calls)), max(1, math.ceil(leaves - now)))

    def _recent(self, caller: Hashable, now: float) -> "_CallTimes":
        if now >= self._next_sweep:
            self._sweep(now)
        calls = self._calls.get(caller)
        if calls is None:
            calls = self._calls[caller] = _CallTimes()
        calls.drop_until(now - WINDOW_SECONDS)
        return calls

    def _sweep(self, now: float) -> None:
        """Drop the callers without recent calls, so that they take no memory."""
        self._next_sweep = now + WINDOW_SECONDS
        for calls in self._calls.values():
            calls.drop_until(now - WINDOW_SECONDS)
        for caller in [caller for caller, calls in self._calls.items() if not calls]:
            del self._calls[caller]


class _CallTimes:
    """The times of a caller's recent calls, oldest first.

    An array of numbers adds nothing to what the garbage collector has to visit.
    """

    __slots__ = ("_first", "_times")

    def __init__(self) -> None:
        self._times = array("d")
        self._first = 0  # index of the oldest call in the window

    def __len__(self) -> int:
        return len(self._times) - self._first

    def __getitem__(self, index: int) -> float:
        return self._times[self._first + index]

    def add(self, time: float) -> None:
        """Add the latest call."""
        self._times.append(time)

    def drop_until(self, time: float) -> None:
        """Drop the calls up to and including a time."""
        self._first = bisect_right(self._times, time, self._first)
        if self._first > len(self._times) // 2:
            del self._times[: self._first]
            self._first = 0
