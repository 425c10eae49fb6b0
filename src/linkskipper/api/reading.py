"""Routes that are read."""

from collections.abc import Callable
from typing import Any

from litestar import route
from litestar.handlers import HTTPRouteHandler


def get(path: str, **options: Any) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """A handler for GET, and for HEAD, which is GET without the body (RFC 9110, 9.3.2)."""
    return route(path, http_method=["GET", "HEAD"], **options)
