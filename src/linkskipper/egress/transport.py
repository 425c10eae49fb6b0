"""The call that sends a request, and the record of one exchange."""

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
    """Answers requests: `Client`, or an object that replaces or wraps it."""

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
        """Send one request and return its response. No redirect is followed.

        Raises:
            EgressError: No response came.
        """
        ...


@dataclass(slots=True)
class Exchange:
    """Filled in by `Client.fetch` step by step, so that a failed fetch is recorded as far as it came.

    `answered_at` is a reading of `perf_counter`.
    """

    version: str | None = None
    sent: Mapping[str, str] | None = None
    status: int | None = None
    headers: Mapping[str, str] | None = None
    answered_at: float | None = None
    body: BoundedBody | None = None

    def begin(self, head: Head, sent: Mapping[str, str]) -> None:
        """Take in what the head of a response says, and the fields of the request that it answers."""
        self.answered_at = perf_counter()
        self.version, self.sent = head.version, sent
        self.status, self.headers = head.status, head.headers
