"""The ASGI application."""

from starlette.types import ASGIApp

from linkskipper.api.middleware import ProblemMiddleware, ResponseHeadersMiddleware
from linkskipper.api.pages import pages
from linkskipper.api.routes import ENDPOINTS, INTERNAL_ENDPOINTS
from linkskipper.api.routes.health import health_routes
from linkskipper.api.routing import build_router
from linkskipper.api.services import Services


def create_app(services: Services) -> ASGIApp:
    """Build the whole API."""
    public = {**pages(services.base_url), **health_routes(services)}
    router = build_router((*ENDPOINTS, *INTERNAL_ENDPOINTS), public, services)
    return ResponseHeadersMiddleware(ProblemMiddleware(router, services.base_url))
