"""Errors as RFC 9457 problem documents, and the page that explains their codes."""

import re
from html import escape
from http import HTTPStatus
from inspect import getdoc
from pathlib import Path
from string import Template
from typing import Any, TypeAlias

import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from linkskipper.api.body import MAX_BODY_BYTES
from linkskipper.api.reading import get
from linkskipper.errors import ApiError, DatabaseError, InvalidKey, InvalidRequest, NotFound, OutOfCredits

log = structlog.get_logger()

PAGE = "/errors"
LAYOUT = Template(Path(__file__).with_name("errors.html").read_text(encoding="utf-8"))
STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
CODE = re.compile("``(.+?)``")
PROBLEM = "application/problem+json"
RETRY_SECONDS = 2  # when the database is away
CRASHED = "The service failed at this request: try again, and tell its operator the X-Request-Id."
DATABASE_AWAY = "The service cannot do this just now: try again soon."

AnyRequest: TypeAlias = Request[Any, Any, Any]


class MethodNotAllowed(ApiError):
    """The route exists, but not for this method.

    The header ``Allow`` says which ones it takes.
    """

    status, code, title = 405, "method_not_allowed", "Method not allowed"


class InternalError(ApiError):
    """The service failed at the request, which is its own fault.

    Try again. If it stays so, tell the operator the ``X-Request-Id``: it finds the reason in the log.
    """

    status, code, title = 500, "internal_error", "Internal error"


class ServiceUnavailable(ApiError):
    """The service cannot reach its database just now.

    ``Retry-After`` says when to try again. Jobs that were accepted are not lost.
    """

    status, code, title = 503, "service_unavailable", "Service unavailable"


def handlers(base_url: str) -> ExceptionHandlersMap:
    """Exception handlers that turn every error into a problem document."""

    def answer(_: AnyRequest, error: Exception) -> Response[dict[str, Any]]:
        problem = _as_api_error(error)
        return Response(
            document(problem, base_url),
            status_code=problem.status,
            media_type=PROBLEM,
            headers=headers(problem) | _allow(error),
        )

    return {Exception: answer}


def _as_api_error(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, HTTPException):
        return _from_framework(error)
    if isinstance(error, DatabaseError):
        log.error("api.database_away", error=str(error))
        return ServiceUnavailable(DATABASE_AWAY, retry_after=RETRY_SECONDS)
    log.error("api.crashed", exc_info=error)
    return InternalError(CRASHED)


def _from_framework(error: HTTPException) -> ApiError:
    match error.status_code:
        case 404:
            return NotFound("There is nothing at this address: see the API's documentation.")
        case 405:
            return MethodNotAllowed("This address does not take that method.")
        case 413:
            return InvalidRequest(f"The body is larger than any valid request: at most {MAX_BODY_BYTES} bytes.")
        case status if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return InvalidRequest(_messages(error))
    log.error("api.crashed", exc_info=error)
    return InternalError(CRASHED)


def _messages(error: HTTPException) -> str:
    if not isinstance(error.extra, list):
        return error.detail
    return "; ".join(f"{item.get('key')}: {item.get('message')}" for item in error.extra)


def document(problem: ApiError, base_url: str) -> dict[str, Any]:
    """The problem document that a client is shown (RFC 9457)."""
    shown: dict[str, Any] = {
        "type": f"{base_url}{PAGE}#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
    }
    if isinstance(problem, OutOfCredits):
        shown["balance"] = problem.balance
    return shown


def headers(problem: ApiError) -> dict[str, str]:
    """The headers that come with a problem document."""
    shown = {}
    if problem.retry_after is not None:
        shown["Retry-After"] = str(problem.retry_after)
    if isinstance(problem, InvalidKey):
        shown["WWW-Authenticate"] = "Bearer"
    return shown


def _allow(error: Exception) -> dict[str, str]:
    """The Allow of the framework's 405."""
    return (
        dict(error.headers or {})
        if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        else {}
    )


@get(PAGE, media_type=MediaType.HTML, sync_to_thread=False)
def page() -> str:
    """What each error code means; the ``type`` of every problem document leads here."""
    in_order = sorted(ApiError.__subclasses__(), key=lambda error: error.status)
    return LAYOUT.substitute(style=STYLE, entries="\n".join(map(_entry, in_order)))


def _entry(error: type[ApiError]) -> str:
    paragraphs = [CODE.sub(r"<code>\1</code>", escape(each)) for each in meaning(error)]
    return (
        f'<section id="{error.code}"><h2><code>{error.code}</code> <small>{error.status}</small></h2>'
        f"<h3>{escape(error.title)}</h3>{''.join(f'<p>{each}</p>' for each in paragraphs)}</section>"
    )


def meaning(error: type[ApiError]) -> list[str]:
    """When a code is answered, and what to do then: the paragraphs of its class's docstring."""
    return (getdoc(error) or "").split("\n\n")
