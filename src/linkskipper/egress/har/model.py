"""The part of HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/) that a link needs.

Members that a replay does not need have defaults, so that a file may be written by hand or exported from a browser.
Names that begin with an underscore are extensions, which the format permits.
"""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import field

NO_TIME = datetime.fromtimestamp(0, UTC)
NOT_KNOWN = -1


class _Part(msgspec.Struct, rename="camel"):
    pass


class NameValue(_Part):
    """A header field, a cookie or a query parameter."""

    name: str
    value: str = ""


class PostData(_Part):
    """The body of a request."""

    mime_type: str = ""
    text: str = ""


class HarRequest(_Part):
    """A request."""

    url: str
    method: str = "GET"
    http_version: str = "HTTP/1.1"
    cookies: list[NameValue] = []
    headers: list[NameValue] = []
    query_string: list[NameValue] = []
    post_data: PostData | msgspec.UnsetType = msgspec.UNSET
    headers_size: int = NOT_KNOWN
    body_size: int = NOT_KNOWN


class HarContent(_Part):
    """The decoded body of a response."""

    size: int = 0
    mime_type: str = ""
    text: str = ""
    encoding: Literal["base64"] | msgspec.UnsetType = msgspec.UNSET


class HarResponse(_Part):
    """A response. `status` is 0 if none came. `error` is the class and the message of an EgressError."""

    status: int
    status_text: str = ""
    http_version: str = "HTTP/1.1"
    cookies: list[NameValue] = []
    headers: list[NameValue] = []
    content: HarContent = field(default_factory=HarContent)
    redirect_url: str = field(default="", name="redirectURL")
    headers_size: int = NOT_KNOWN
    body_size: int = NOT_KNOWN
    error: str | msgspec.UnsetType | None = field(default=msgspec.UNSET, name="_error")


class Timings(_Part):
    """Milliseconds. `wait` includes looking up the name, connecting and sending, which are not timed separately."""

    send: float = 0
    wait: float = 0
    receive: float = 0


class HarEntry(_Part):
    """One request and its response."""

    request: HarRequest
    response: HarResponse
    pageref: str | msgspec.UnsetType = msgspec.UNSET
    started_date_time: datetime = NO_TIME
    time: float = 0
    cache: dict[str, Any] = {}
    timings: Timings = field(default_factory=Timings)


class HarOutcome(_Part):
    """How the link ended. `reason` is a stop rule (docs/reference/provider-files.md)."""

    url: str
    provider: str | None = None
    target_url: str | None = None
    reason: str | None = None


class HarPage(_Part):
    """One link. Its entries refer to it by `id`."""

    started_date_time: datetime = NO_TIME
    id: str = ""
    title: str = ""
    page_timings: dict[str, Any] = {}
    outcome: HarOutcome | msgspec.UnsetType = field(default=msgspec.UNSET, name="_outcome")


class HarCreator(_Part):
    """The program that wrote the file."""

    name: str = ""
    version: str = ""


class HarLog(_Part):
    """The content of a file."""

    entries: list[HarEntry]
    pages: list[HarPage] = []
    version: str = "1.2"
    creator: HarCreator = field(default_factory=HarCreator)


class Har(_Part):
    """A HAR file."""

    log: HarLog

    @property
    def outcomes(self) -> list[HarOutcome]:
        """Return how the recorded links ended."""
        return [page.outcome for page in self.log.pages if page.outcome is not msgspec.UNSET]
