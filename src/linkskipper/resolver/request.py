"""The request for a URL: method, body, and the headers that say where the visitor comes from."""

import msgspec

from linkskipper.egress import Response, Url

_ACCEPT_JSON = "application/json, text/javascript, */*; q=0.01"
_SEE_OTHER = 303
_POST_BECOMES_GET = frozenset({301, 302})
_MAX_REFERER = 4096  # characters, as in Chromium, which reduces a longer one to the origin


class RequestSpec(msgspec.Struct, frozen=True, gc=False):
    """A request without its URL. The default is a plain page request."""

    method: str = "GET"
    body: bytes | None = None
    content_type: str = ""
    is_xhr: bool = False

    def headers(self, url: Url, referrer: Url | None) -> dict[str, str]:
        """Return the headers for a request to `url` by a visitor who comes from the page `referrer`, or from none."""
        headers = {}
        if self.body is not None:
            headers["Content-Type"] = self.content_type
        if self.is_xhr:
            headers |= {"X-Requested-With": "XMLHttpRequest", "Accept": _ACCEPT_JSON}
        if referrer is not None:
            if self.method != "GET":
                headers["Origin"] = "null" if _is_downgrade(referrer, url) else referrer.origin
            if referer := referer_header(referrer, url):
                headers["Referer"] = referer
        return headers

    def redirected(self, response: Response) -> "RequestSpec":
        """Return the request after a redirect: 303 becomes GET, and 301 and 302 after a POST do (Fetch standard)."""
        is_get = response.status == _SEE_OTHER or (self.method == "POST" and response.status in _POST_BECOMES_GET)
        return RequestSpec(is_xhr=self.is_xhr) if is_get else self


PLAIN_GET: RequestSpec = RequestSpec()


def referer_header(referrer: Url, url: Url) -> str | None:
    """Return the Referer that browsers send by default: strict-origin-when-cross-origin (Referrer Policy, 8.3)."""
    if _is_downgrade(referrer, url):
        return None
    whole = referrer.without_fragment
    sends_whole = referrer.origin == url.origin and len(whole) <= _MAX_REFERER
    return whole if sends_whole else f"{referrer.origin}/"


def _is_downgrade(referrer: Url, url: Url) -> bool:
    return referrer.scheme == "https" and url.scheme == "http"
