"""The per-minute limit: a rolling window of 60 seconds over all calls with a key (api.md, "Common rules")."""

import math
import time
from collections import deque
from collections.abc import Callable, Hashable

import msgspec

WINDOW_SECONDS = 60


class WindowState(msgspec.Struct, frozen=True):
    """A window after a call: whether the call was in the limit, how many more are, and when there is room again.

    reset_seconds is when the oldest call leaves the window: whoever waits so long finds room.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int


class RollingWindow:
    """Counts calls of the last 60 seconds in this process's memory, exactly.

    A refused call does not count. It costs about 1 µs a call, where the in-memory storage of the library
    ``limits`` takes 15 to 50 (docs/decisions/0004-rate-limits.md).
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: dict[Hashable, deque[float]] = {}
        self._next_sweep = clock() + WINDOW_SECONDS

    def hit(self, caller: Hashable, limit: int) -> WindowState:
        """Count a call, if there is room for it."""
        now = self._clock()
        if now >= self._next_sweep:
            self._sweep(now)
        calls = self._calls.setdefault(caller, deque())
        while calls and calls[0] <= now - WINDOW_SECONDS:
            calls.popleft()
        allowed = len(calls) < limit
        if allowed:
            calls.append(now)
        return WindowState(
            allowed=allowed,
            limit=limit,
            remaining=max(0, limit - len(calls)),
            # With room left, the oldest call is the next to make more; without, it is the one that must go first.
            reset_seconds=max(1, math.ceil(calls[max(0, len(calls) - limit)] + WINDOW_SECONDS - now)),
        )

    def _sweep(self, now: float) -> None:
        """Forget callers that have been silent, so that memory follows the callers of the last minutes."""
        self._next_sweep = now + WINDOW_SECONDS
        past = now - WINDOW_SECONDS
        for caller in [caller for caller, calls in self._calls.items() if not calls or calls[-1] <= past]:
            del self._calls[caller]
