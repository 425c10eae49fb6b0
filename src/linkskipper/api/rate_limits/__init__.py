"""Limit the calls of each caller in a rolling window of 60 seconds (docs/reference/api.md, "Common rules")."""

from linkskipper.api.rate_limits.in_memory import InMemoryRateLimiter
from linkskipper.api.rate_limits.shared import SharedRateLimiter
from linkskipper.api.rate_limits.window import WINDOW_SECONDS, RateLimiter, WindowState

__all__ = ["WINDOW_SECONDS", "InMemoryRateLimiter", "RateLimiter", "SharedRateLimiter", "WindowState"]
