"""What passes between the browser and the sites, as Chromium tells it: read here, decided in tab.py."""

from typing import Any, NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.egress import Response, Url
from linkskipper.resolver.result import Mechanism

MEDIA = ("Image", "Media", "Font")
_DOCUMENT = "Document"
_KEEP_THE_METHOD = (307, 308)

BY_REASON = {
    "anchorClick": Mechanism.CLICK,
    "formSubmissionGet": Mechanism.FORM,
    "formSubmissionPost": Mechanism.FORM,
    "httpHeaderRefresh": Mechanism.REFRESH_HEADER,
    "metaTagRefresh": Mechanism.META_REFRESH,
}
"""How Chromium's reasons for a navigation are called here; what is not listed is a script's doing."""


class PausedRequest(NamedTuple):
    """A request that Chromium holds back until it is told what to do: before it is sent, or once it is answered."""

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
        """Whether a page or a frame of one is asked for."""
        return self.kind == _DOCUMENT

    @property
    def is_answered(self) -> bool:
        """Whether it has been sent."""
        return self.status is not None or self.failure is not None

    @property
    def carries_fields(self) -> bool:
        """Whether a form's fields go where this leads."""
        return self.method == "POST" and self.status in (None, *_KEEP_THE_METHOD)

    def response(self, url: Url) -> Response:
        """The answer, as far as its headers go."""
        media_type, _, parameters = self.headers.get("Content-Type", "").partition(";")
        charset = parameters.lower().partition("charset=")[2].strip(" \"'") or None
        return Response(url, self.status or 0, self.headers, b"", media_type.strip().lower(), charset)


def patterns(*, media: bool) -> dict[str, Any]:
    """What Chromium is to hold back: pages before and after, and what is not to be loaded."""
    kinds = [{"resourceType": _DOCUMENT}, {"resourceType": _DOCUMENT, "requestStage": "Response"}]
    return {"patterns": kinds if media else [*kinds, *({"resourceType": kind} for kind in MEDIA)]}


def read_paused(event: dict[str, Any], main_frame: str) -> PausedRequest:
    """Read a Fetch.requestPaused."""
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
