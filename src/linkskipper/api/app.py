"""The ASGI application."""

import secrets
from itertools import count

import structlog
from starlette.types import Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from linkskipper.api.limit_headers import limit_headers
from linkskipper.api.pages import pages
from linkskipper.api.problems import InternalError, ServiceUnavailable
from linkskipper.api.request import ACCEPTED_ID, Request
from linkskipper.api.responses import Header, problem_response, send_response
from linkskipper.api.routes import ENDPOINTS, INTERNAL_ENDPOINTS
from linkskipper.api.routes.health import health_routes
from linkskipper.api.routing import RouteTable
from linkskipper.api.services import Services
from linkskipper.errors import ApiError, DatabaseError

log = structlog.get_logger()

NOSNIFF: Header = (b"x-content-type-options", b"nosniff")


class Api:
    """The whole API: every response has a request id and the limits of its key, every error is a problem document.

    There is one layer for all of that, because each layer costs a cached answer several percent of its time
    (docs/decisions/0008-cached-answers.md).
    """

    def __init__(self, services: Services) -> None:
        self._base_url = services.base_url
        public = {**pages(services.base_url), **health_routes(services)}
        self.routes = RouteTable((*ENDPOINTS, *INTERNAL_ENDPOINTS), public, services)
        self._id_prefix = secrets.token_hex(8).encode()
        self._numbers = count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        request = Request(scope, receive, dict(reversed(scope["headers"])), {})
        request_id = self._request_id(request)
        bind_contextvars(request_id=request_id.decode())
        try:
            response = await self.routes.find(request)(request)
        except Exception as error:
            response = problem_response(_as_api_error(error), self._base_url)
        limits = () if request.limits is None else limit_headers(request.limits)
        await send_response(response, ((b"x-request-id", request_id), NOSNIFF, *limits), scope, receive, send)

    def _request_id(self, request: Request) -> bytes:
        """Return the client's own id if it is well-formed, or else a new one."""
        own = request.headers.get(b"x-request-id")
        if own is not None and ACCEPTED_ID.fullmatch(own):
            return own
        return b"%b%016x" % (self._id_prefix, next(self._numbers))


def _as_api_error(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, DatabaseError):
        log.error("api.database_away", error=str(error))
        return ServiceUnavailable()
    log.error("api.crashed", exc_info=error)
    return InternalError()
