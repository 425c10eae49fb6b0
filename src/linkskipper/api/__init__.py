"""The HTTP edge: authentication, rate limits, routes and error documents (docs/reference/api.md)."""

from linkskipper.api.app import Api, monitor_api, public_routes
from linkskipper.api.rate_limits import InMemoryRateLimiter, RateLimiter, SharedRateLimiter
from linkskipper.api.services import Services

__all__ = [
    "Api",
    "InMemoryRateLimiter",
    "RateLimiter",
    "Services",
    "SharedRateLimiter",
    "monitor_api",
    "public_routes",
]
