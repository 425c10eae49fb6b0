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
        if now >= self._next_sweep:
            self._sweep(now)
        calls = self._calls.get(caller)
        if calls is None:
            calls = self._calls[caller] = _CallTimes()
        count = calls.count_since(now - WINDOW_SECONDS)
        allowed = count < limit
        if allowed:
            calls.times.append(now)
            count += 1
        # With calls left, the window has more room once its oldest call leaves. A refused caller waits for the call
        # that brings it below the limit, which is a later one if the limit was lowered.
        leaves = calls.times[calls.first + max(0, count - limit)] + WINDOW_SECONDS
        return WindowState(allowed, limit, max(0, limit - count), max(1, math.ceil(leaves - now)))

    def _sweep(self, now: float) -> None:
        """Drop the callers without recent calls, so that they take no memory."""
        self._next_sweep = now + WINDOW_SECONDS
        self._calls = {
            caller: calls for caller, calls in self._calls.items() if calls.count_since(now - WINDOW_SECONDS)
        }


class _CallTimes:
    """The times of a caller's calls in order. Those before the index `first` have left the window.

    An array of numbers adds nothing to what the garbage collector has to visit.
    """

    __slots__ = ("first", "times")

    def __init__(self) -> None:
        self.times = array("d")
        self.first = 0

    def count_since(self, time: float) -> int:
        """Drop the calls up to a time and return the number of those left."""
        times, first = self.times, self.first
        if first < len(times) and times[first] <= time:
            first = bisect_right(times, time, first)
            if first > len(times) // 2:
                del times[:first]
                first = 0
            self.first = first
        return len(times) - first
