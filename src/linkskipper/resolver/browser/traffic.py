"""Read the requests that Chromium pauses. `MainFrame` decides on them."""

from base64 import b64encode
from typing import Any, NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.egress import CookieJar, Response, Url, content_type_of
from linkskipper.resolver.result import Mechanism

MEDIA = ("Image", "Media", "Font")
_DOCUMENT = "Document"
_KEEPS_METHOD = (307, 308)
# The body is decoded, and the cookies are set, when a response is shown again.
_OF_THE_TRANSFER = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "set-cookie"})

MECHANISMS = {
    "anchorClick": Mechanism.CLICK,
    "formSubmissionGet": Mechanism.FORM,
    "formSubmissionPost": Mechanism.FORM,
    "httpHeaderRefresh": Mechanism.REFRESH_HEADER,
    "metaTagRefresh": Mechanism.META_REFRESH,
}
"""The mechanisms of Chromium's reasons for a navigation. Scripts cause those that are not listed."""


class PausedRequest(NamedTuple):
    """A request that Chromium pauses before it is sent, or once it is answered, until it gets a decision."""

    id: str
    kind: str
    method: str
    href: str
    is_main: bool
    is_redirected: bool
    status: int | None
    failure: str | None
    headers: CIMultiDictProxy[str]

    @property
    def is_document(self) -> bool:
        """Whether it requests a page or a frame."""
        return self.kind == _DOCUMENT

    @property
    def is_answered(self) -> bool:
        """Whether it was sent, and answered or failed."""
        return self.status is not None or self.failure is not None

    @property
    def carries_fields(self) -> bool:
        """Whether the fields of a form go to where this request, or its redirect, leads."""
        return self.method == "POST" and self.status in (None, *_KEEPS_METHOD)

    def response(self, url: Url) -> Response:
        """Return the response without its body."""
        media_type, charset = content_type_of(self.headers)
        return Response(url, self.status or 0, self.headers, b"", media_type, charset)


def patterns(*, media: bool) -> dict[str, Any]:
    """Return what Chromium must pause: pages before and after the request, and images and the like unless allowed."""
    kinds = [{"resourceType": _DOCUMENT}, {"resourceType": _DOCUMENT, "requestStage": "Response"}]
    return {"patterns": kinds if media else [*kinds, *({"resourceType": kind} for kind in MEDIA)]}


def fulfilment(response: Response) -> dict[str, Any]:
    """Return what answers a paused request with a response that was received before."""
    fields = (f"{name}: {value}" for name, value in response.headers.items() if name.lower() not in _OF_THE_TRANSFER)
    return {
        "responseCode": response.status,
        "binaryResponseHeaders": _base64("\0".join(fields).encode("utf-8", "surrogateescape")),
        "body": _base64(response.body),
    }


def cookie_params(cookies: CookieJar) -> list[dict[str, Any]]:
    """Return cookies as Chromium takes them. The URL of a host-only cookie stands for its domain."""
    return [
        {
            "name": cookie.name,
            "value": cookie.value,
            "path": cookie.path,
            "secure": cookie.secure,
            **({"url": f"https://{cookie.domain}/"} if cookie.host_only else {"domain": cookie.domain}),
        }
        for cookie in cookies.stored()
    ]


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def read_paused(event: dict[str, Any], main_frame: str) -> PausedRequest:
    """Read an event Fetch.requestPaused."""
    request = event["request"]
    headers = CIMultiDict((header["name"], header["value"]) for header in event.get("responseHeaders", ()))
    return PausedRequest(
        id=event["requestId"],
        kind=event["resourceType"],
        method=request["method"],
        href=request["url"] + request.get("urlFragment", ""),
        is_main=event["frameId"] == main_frame and event["resourceType"] == _DOCUMENT,
        is_redirected="redirectedRequestId" in event,
        status=event.get("responseStatusCode"),
        failure=event.get("responseErrorReason"),
        headers=CIMultiDictProxy(headers),
    )
