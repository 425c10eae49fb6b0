"""What every rate limiter does."""

from collections.abc import Hashable
from typing import Protocol

import msgspec

WINDOW_SECONDS = 60


class WindowState(msgspec.Struct, frozen=True):
    """A caller's window after a call.

    `reset_seconds` is the time until the oldest call leaves the window. A refused caller that waits for it may call
    again.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int


class RateLimiter(Protocol):
    """Counts calls in rolling windows of 60 seconds."""

    async def hit(self, caller: Hashable, limit: int) -> WindowState:
        """Count a call of the caller unless it exceeds the limit."""
