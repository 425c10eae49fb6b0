"""Tell the request log and the tracer what became of a request."""

from datetime import UTC, datetime
from time import monotonic

import structlog

from linkskipper.api.request import Request
from linkskipper.request_log import LoggedRequest, RequestLog
from linkskipper.traces import Tracer

log = structlog.get_logger()

MAX_PATH_CHARACTERS = 300


def write_line(request: Request, *, status: int, code: str | None, began: float) -> None:
    """Write a log line for a request. Its route stands for its path, which may hold what is secret."""
    log.info(
        "api.answered",
        method=request.scope["method"],
        route=request.route,
        status=status,
        code=code,
        milliseconds=round((monotonic() - began) * 1000, 1),
        key_id=None if request.key is None else request.key.id,
        job_id=None if request.job_id is None else str(request.job_id),
    )


def log_request(
    request_log: RequestLog, request: Request, request_id: bytes, *, status: int, code: str | None, began: float
) -> None:
    """Log a request of a known key. `code` is that of its problem document, `began` its monotonic time in seconds."""
    key = request.key
    if key is None or not request_log.takes(key.id, began, is_success=code is None):
        return
    request_log.add(
        LoggedRequest(
            at=datetime.now(UTC),
            account_id=key.account_id,
            key_id=key.id,
            request_id=request_id.decode(),
            method=request.scope["method"],
            path=request.scope["path"][:MAX_PATH_CHARACTERS].replace("\0", "\ufffd"),
            status=status,
            code=code,
            milliseconds=(monotonic() - began) * 1000,
            job_id=request.job_id,
        )
    )


def trace_request(tracer: Tracer, request: Request, request_id: bytes, *, status: int, began: float) -> None:
    """Note a request in the trace of its client. Its method and route name it: a path may hold what is secret."""
    method, route = request.scope["method"], request.route
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "http.response.status_code": status,
        "linkskipper.request_id": request_id.decode(),
    }
    if route is not None:
        attributes["http.route"] = route
    if request.key is not None:
        attributes["linkskipper.key_id"] = request.key.id
    tracer.request(
        method if route is None else f"{method} {route}",
        traceparent=request.header(b"traceparent"),
        job_id=request.job_id,
        seconds=monotonic() - began,
        attributes=attributes,
    )
