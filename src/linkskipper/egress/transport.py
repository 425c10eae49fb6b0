"""The interface that fetches a URL, and a record of what one fetch sent and received."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from linkskipper.egress.body import BoundedBody
from linkskipper.egress.cookies import CookieJar
from linkskipper.egress.http1.head import Head
from linkskipper.egress.response import Response
from linkskipper.egress.urls import Url


class Transport(Protocol):
    """Anything that answers requests: `Client`, or a stand-in such as a recording."""

    async def fetch(
        self,
        url: Url,
        *,
        method: str = ...,
        headers: Mapping[str, str] = ...,
        body: bytes | None = ...,
        jar: CookieJar | None = ...,
        timeout: float | None = ...,
    ) -> Response:
        """Send one request and return its response. Redirects are not followed.

        Raises:
            EgressError: No usable response came.
        """
        ...


@dataclass(slots=True)
class Exchange:
    """A record that `Client.fetch` fills in as it proceeds, so that a fetch that fails leaves a partial record.

    `answered_at` is a reading of `perf_counter`.
    """

    version: str | None = None
    sent: Mapping[str, str] | None = None
    status: int | None = None
    headers: Mapping[str, str] | None = None
    answered_at: float | None = None
    body: BoundedBody | None = None

    def record_head(self, head: Head, sent: Mapping[str, str]) -> None:
        """Record the head of a response, and the header fields of the request that it answers."""
        self.answered_at = perf_counter()
        self.version, self.sent = head.version, sent
        self.status, self.headers = head.status, head.headers
