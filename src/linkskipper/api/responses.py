"""Responses, and how they are sent."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linkskipper.api.http_protocol import SEND_WHOLE
from linkskipper.api.problems import PROBLEM_TYPE, problem_document, problem_headers
from linkskipper.api.request import Request
from linkskipper.api.safe_headers import NO_CONTENT, NO_STORE
from linkskipper.errors import ApiError
from linkskipper.jobs import close_stream

Header: TypeAlias = tuple[bytes, bytes]

NO_EXTENSIONS: Mapping[str, Any] = {}

_encode = msgspec.json.Encoder().encode


class ApiResponse(msgspec.Struct, frozen=True, gc=False):
    """A whole response."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


AnyResponse: TypeAlias = ApiResponse | ASGIApp
"""A whole response, or an application that sends one in parts."""

Responder: TypeAlias = Callable[[Request], Awaitable[AnyResponse]]


def constant(response: ApiResponse) -> Responder:
    """Return a responder that gives the same response to every request."""

    async def respond(_request: Request) -> ApiResponse:
        return response

    return respond


def json_response(
    content: Any, *, status: int = 200, content_type: bytes = b"application/json", headers: Iterable[Header] = ()
) -> ApiResponse:
    """Return a response with content as JSON."""
    body = _encode(content)
    length = (b"content-length", b"%d" % len(body))
    return ApiResponse(status, ((b"content-type", content_type), length, NO_STORE, NO_CONTENT, *headers), body)


def text_response(
    text: str,
    *,
    status: int = 200,
    content_type: str = "text/plain; charset=utf-8",
    policy: Header = NO_CONTENT,
    headers: Iterable[Header] = (),
) -> ApiResponse:
    """Return a response with text. `policy` is its content security policy."""
    body = text.encode()
    length = (b"content-length", b"%d" % len(body))
    own = ((b"content-type", content_type.encode()), length, NO_STORE, policy, *headers)
    return ApiResponse(status, own, body)


def problem_response(error: ApiError, base_url: str, *, headers: Iterable[Header] = ()) -> ApiResponse:
    """Return the problem document of an error as a response."""
    own = tuple((name.lower().encode(), value.encode()) for name, value in problem_headers(error).items())
    return json_response(
        problem_document(error, base_url),
        status=error.status,
        content_type=PROBLEM_TYPE.encode(),
        headers=(*own, *headers),
    )


async def send_response(
    response: AnyResponse, common: Iterable[Header], scope: Scope, receive: Receive, send: Send
) -> None:
    """Send a response with the headers that it has in common with others."""
    if isinstance(response, ApiResponse):
        headers = [*response.headers, *common]
        # Taken out of the scope: it refers to the request, and a cycle would keep all of it for the garbage collector.
        send_whole = scope.pop("extensions", NO_EXTENSIONS).get(SEND_WHOLE)
        if send_whole is not None and send_whole(response.status, headers, response.body):
            return
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})
        return

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *common]
        await send(message)

    try:
        await response(scope, receive, send_with_headers)
    finally:
        await close_stream(response)
