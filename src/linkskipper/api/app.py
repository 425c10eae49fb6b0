"""The ASGI application."""

import secrets
from collections.abc import Callable, Sequence
from itertools import count
from time import monotonic

import structlog
from starlette.types import Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from linkskipper.api.limit_headers import limit_headers
from linkskipper.api.pages import pages
from linkskipper.api.problems import InternalError, ServiceUnavailable
from linkskipper.api.request import ACCEPTED_ID, Request
from linkskipper.api.request_logging import log_request, trace_request, write_line
from linkskipper.api.responses import ApiResponse, problem_response, send_response
from linkskipper.api.routes import ENDPOINTS, INTERNAL_ENDPOINTS
from linkskipper.api.routes.health import healthz, monitor_routes
from linkskipper.api.routing import EndpointResponder, RouteTable
from linkskipper.api.safe_headers import ON_EVERY_RESPONSE
from linkskipper.api.services import Services
from linkskipper.credits import topup_links
from linkskipper.database import Pool, TimeLimit, TimeLimits
from linkskipper.errors import ApiError, DatabaseError, OutOfCredits
from linkskipper.request_log import RequestLog
from linkskipper.traces import Tracer

log = structlog.get_logger()

LOG_SECONDS = 1
STREAM_STATUS = 200


def public_routes(services: Services, *, with_monitor: bool) -> RouteTable:
    """Return what clients call, and unless it is elsewhere, what monitoring calls."""
    monitor = monitor_routes(services.pool, services.workers_ready) if with_monitor else {}
    public = {**pages(services.base_url, tuple(monitor)), "/healthz": healthz, **monitor}
    return RouteTable((EndpointResponder(endpoint, services) for endpoint in (*ENDPOINTS, *INTERNAL_ENDPOINTS)), public)


def monitor_api(base_url: str, pool: Pool, workers_ready: Callable[[], bool]) -> "Api":
    """Return an API that has what monitoring calls and nothing else."""
    return Api(base_url, RouteTable((), {"/healthz": healthz, **monitor_routes(pool, workers_ready)}))


class Api:
    """The whole API: every response has a request id and the limits of its key, every error is a problem document.

    There is one layer for all of that, because each layer costs a cached answer several percent of its time
    (docs/decisions/0008-cached-answers.md).
    """

    def __init__(
        self,
        base_url: str,
        routes: RouteTable,
        request_log: RequestLog | None = None,
        *,
        topup_links: Sequence[tuple[str, str]] = (),
        tracer: Tracer | None = None,
        writes_lines: bool = False,
    ) -> None:
        self._base_url = base_url
        self._routes = routes
        self._log = request_log
        self._topup_links = topup_links
        self._tracer = tracer
        self._writes_lines = writes_lines
        self._time_limits = TimeLimits()
        self._id_prefix = secrets.token_hex(8).encode()
        self._numbers = count()
        self._next_log_at = 0.0  # of a database that is away: anybody can send requests without end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        request = Request(scope, receive, dict(reversed(scope["headers"])), {}, TimeLimit(self._time_limits))
        request_id = self._request_id(request)
        bind_contextvars(request_id=request_id.decode())
        began, code = monotonic(), None
        try:
            with request.time_limit:
                response = await self._routes.find(request)(request)
        except Exception as error:
            response, code = self._refuse(error, request)
        if self._log is not None or self._tracer is not None or self._writes_lines:
            status = response.status if isinstance(response, ApiResponse) else STREAM_STATUS
            if self._log is not None:
                log_request(self._log, request, request_id, status=status, code=code, began=began)
            if self._tracer is not None:
                trace_request(self._tracer, request, request_id, status=status, began=began)
            if self._writes_lines:
                write_line(request, status=status, code=code, began=began)
        limits = () if request.limits is None else limit_headers(request.limits)
        common = ((b"x-request-id", request_id), *ON_EVERY_RESPONSE, *limits)
        await send_response(response, common, scope, receive, send)

    def _request_id(self, request: Request) -> bytes:
        """Return the client's own id if it is well-formed, or else a new one."""
        own = request.headers.get(b"x-request-id")
        if own is not None and ACCEPTED_ID.fullmatch(own):
            return own
        return b"%b%016x" % (self._id_prefix, next(self._numbers))

    def _refuse(self, error: Exception, request: Request) -> tuple[ApiResponse, str]:
        """Return the response and its code. A frame that keeps its own error is a cycle, and keeps its memory."""
        problem = self._as_api_error(error)
        if isinstance(problem, OutOfCredits) and request.key is not None:
            problem = problem.with_pages(topup_links(self._topup_links, request.key.account_id))
        return problem_response(problem, self._base_url), problem.code

    def _as_api_error(self, error: Exception) -> ApiError:
        if isinstance(error, ApiError):
            return error
        if not isinstance(error, DatabaseError):
            log.error("api.crashed", exc_info=error)
            return InternalError()
        if monotonic() >= self._next_log_at:
            self._next_log_at = monotonic() + LOG_SECONDS
            log.error("api.database_away", error=str(error))
        return ServiceUnavailable()
