"""Limit what the requests of one link send and receive over HTTP, all of them together."""

from linkskipper.egress import Response, Url
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.request import RequestSpec

MAX_SENT = 4 * 1024 * 1024
MAX_RECEIVED = 16 * 1024 * 1024
"""Bytes for one link. A browser has the same limits (`egress.ProxyLimits`)."""


class TrafficBudget:
    """The bytes that a link has sent and received. The attempts of one request count once."""

    __slots__ = ("_received", "_sent")

    def __init__(self) -> None:
        self._sent = self._received = 0

    def count_request(self, url: Url, spec: RequestSpec, cookies: str | None) -> None:
        """Count a request that is about to be sent.

        Raises:
            Stop: The link would send more than the limit.
        """
        self._sent += len(url.href) + len(cookies or "") + len(spec.body or b"")
        if self._sent > MAX_SENT:
            raise Stop(Reason.BODY_TOO_LARGE, f"{url.host} makes the link send more data than it may.")

    def count_response(self, response: Response) -> None:
        """Count the body of a response, as it is decoded.

        Raises:
            Stop: The link has received more than the limit.
        """
        self._received += len(response.body)
        if self._received > MAX_RECEIVED:
            raise Stop(Reason.BODY_TOO_LARGE, f"{response.url.host} sends more data than one link may receive.")
