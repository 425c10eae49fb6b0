"""What is asked of a server besides its URL, and what it is told of where the visitor comes from."""

import msgspec

from linkskipper.egress import Response, Url

_JSON_ACCEPTED = "application/json, text/javascript, */*; q=0.01"
_SEE_OTHER = 303
_POST_BECOMES_GET = frozenset({301, 302})
_LONGEST_REFERER = 4096  # Chromium's: a longer one is cut down to the origin


class RequestSpec(msgspec.Struct, frozen=True, gc=False):
    """A request: a page's by default, a form's, or a script's that awaits JSON."""

    method: str = "GET"
    body: bytes | None = None
    content_type: str = ""
    is_xhr: bool = False

    def headers(self, url: Url, document: Url | None) -> dict[str, str]:
        """The headers to send to `url` from a document, or from none where the visitor came by hand."""
        headers = {}
        if self.body is not None:
            headers["Content-Type"] = self.content_type
        if self.is_xhr:
            headers |= {"X-Requested-With": "XMLHttpRequest", "Accept": _JSON_ACCEPTED}
        if document is not None:
            if self.method != "GET":
                headers["Origin"] = "null" if _is_downgrade(document, url) else document.origin
            if sent := referer(document, url):
                headers["Referer"] = sent
        return headers

    def redirected(self, response: Response) -> "RequestSpec":
        """What a redirect makes of it: 303 asks anew, 301 and 302 do after a POST, 307 and 308 never."""
        asks_anew = response.status == _SEE_OTHER or (self.method == "POST" and response.status in _POST_BECOMES_GET)
        return RequestSpec(is_xhr=self.is_xhr) if asks_anew else self


PLAIN: RequestSpec = RequestSpec()


def referer(document: Url, url: Url) -> str | None:
    """The Referer that browsers send by default: strict-origin-when-cross-origin (Referrer Policy, section 8.3)."""
    if _is_downgrade(document, url):
        return None
    whole = document.href.partition("#")[0]
    is_shown = document.origin == url.origin and len(whole) <= _LONGEST_REFERER
    return whole if is_shown else f"{document.origin}/"


def _is_downgrade(document: Url, url: Url) -> bool:
    return document.scheme == "https" and url.scheme == "http"


def same_request(url: Url, outgoing: RequestSpec) -> tuple[str, str, bytes | None]:
    """What two requests have in common that ask for the same."""
    return outgoing.method, url.href.partition("#")[0], outgoing.body
