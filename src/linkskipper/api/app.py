"""The ASGI application."""

from litestar import Litestar, Router
from litestar.types import ASGIApp

from linkskipper.api import openapi, problems
from linkskipper.api.auth import key_check
from linkskipper.api.backend import Services
from linkskipper.api.body import MAX_BODY_BYTES
from linkskipper.api.middleware import ResponseHeadersMiddleware
from linkskipper.api.routes import account, events, health, jobs, providers, resolve, webhooks


def create_app(backend: Services) -> ASGIApp:
    """The whole API over a running backend."""
    v1 = Router(
        "/v1",
        before_request=key_check(backend),
        route_handlers=[
            resolve.route(backend),
            jobs.route(backend),
            account.route(backend),
            providers.route(backend),
            *webhooks.routes(backend),
        ],
    )
    app = Litestar(
        [v1, events.router(backend), *health.routes(backend), *openapi.routes(backend.base_url), problems.page],
        exception_handlers=problems.handlers(backend.base_url),
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
    )
    return ResponseHeadersMiddleware(app)
