"""The HTTP edge: what api.md says, and nothing of how it comes about."""

from linkskipper.api.app import create_app
from linkskipper.api.backend import Services
from linkskipper.api.rate_limits import InMemoryRateLimiter, RateLimiter, SharedRateLimiter

__all__ = ["InMemoryRateLimiter", "RateLimiter", "Services", "SharedRateLimiter", "create_app"]
