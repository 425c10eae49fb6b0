"""The responses of the API as ASGI applications."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from linkskipper.api.problems import PROBLEM_TYPE, problem_document, problem_headers
from linkskipper.errors import ApiError

Headers = Iterable[tuple[bytes, bytes]]

NO_STORE = (b"cache-control", b"no-store")  # answers hold balances and links

_encode = msgspec.json.Encoder().encode


class JsonResponse:
    """A JSON response that is encoded when it is made."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(
        self, content: Any, *, status: int = 200, content_type: bytes = b"application/json", headers: Headers = ()
    ) -> None:
        self._status = status
        self._body = _encode(content)
        self._headers = [
            (b"content-type", content_type),
            (b"content-length", b"%d" % len(self._body)),
            NO_STORE,
            *headers,
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response (ASGI)."""
        del scope, receive
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


def problem_response(error: ApiError, base_url: str) -> JsonResponse:
    """Return the problem document of an error as a response."""
    return JsonResponse(
        problem_document(error, base_url),
        status=error.status,
        content_type=PROBLEM_TYPE.encode(),
        headers=_encode_headers(problem_headers(error)),
    )


def _encode_headers(headers: Mapping[str, str]) -> Headers:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
