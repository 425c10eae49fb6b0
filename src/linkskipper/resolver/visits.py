"""Detect loops: remember which requests a link has sent, and with which cookies."""

from linkskipper.egress import Url
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.request import PLAIN_GET, RequestSpec

MAX_VISITS = 3
"""Visits of one URL, each with other cookies: a page that sets a cookie and redirects to itself is not a loop."""


class VisitLog:
    """The requests of one link. Method, URL and body identify a request: the fields of a form are part of it."""

    __slots__ = ("_cookies",)

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, bytes | None], list[str | None]] = {}

    def record(self, url: Url, spec: RequestSpec, cookies: str | None) -> None:
        """Record a request that is about to be sent.

        Raises:
            Stop: It was sent before with the same cookies, or too often.
        """
        earlier = self._earlier(url, spec)
        if cookies in earlier or len(earlier) == MAX_VISITS:
            raise _loop(url)
        earlier.append(cookies)

    def record_browser_visit(self, url: Url) -> None:
        """Record a request of the browser, which keeps its own cookies.

        Raises:
            Stop: It was sent too often.
        """
        earlier = self._earlier(url, PLAIN_GET)
        if len(earlier) == MAX_VISITS:
            raise _loop(url)
        earlier.append(None)

    def clear(self) -> None:
        """Forget all requests."""
        self._cookies.clear()

    def _earlier(self, url: Url, spec: RequestSpec) -> list[str | None]:
        return self._cookies.setdefault((spec.method, url.without_fragment, spec.body), [])


def _loop(url: Url) -> Stop:
    return Stop(Reason.LOOP_DETECTED, f"The link returns to {url.href}.")
