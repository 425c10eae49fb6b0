"""What every request passes through: response headers, and exceptions turned into problem documents."""

import re
import secrets
from itertools import count

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from linkskipper.api.limit_headers import limit_headers
from linkskipper.api.problems import InternalError, ServiceUnavailable
from linkskipper.api.responses import problem_response
from linkskipper.errors import ApiError, DatabaseError

log = structlog.get_logger()

ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
NOSNIFF = (b"x-content-type-options", b"nosniff")


class ResponseHeadersMiddleware:
    """Adds the headers that every response has: its request id, and the limits of a valid key.

    The request id is the client's own if it is well-formed, or else a new one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._id_prefix = secrets.token_hex(8).encode()
        self._numbers = count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        request_id = self._request_id(scope)
        bind_contextvars(request_id=request_id.decode())

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = ((b"x-request-id", request_id), NOSNIFF, *limit_headers(scope))
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _request_id(self, scope: Scope) -> bytes:
        for name, value in scope["headers"]:
            if name == b"x-request-id" and ACCEPTED_ID.fullmatch(value):
                return bytes(value)
        return b"%b%016x" % (self._id_prefix, next(self._numbers))


class ProblemMiddleware:
    """Answers every exception of an application with a problem document."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self.app = app
        self._base_url = base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            # Once the response has started, the server refuses this second one and closes the connection.
            await problem_response(_as_api_error(error), self._base_url)(scope, receive, send)


def _as_api_error(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, DatabaseError):
        log.error("api.database_away", error=str(error))
        return ServiceUnavailable()
    log.error("api.crashed", exc_info=error)
    return InternalError()
