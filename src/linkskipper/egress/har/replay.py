"""Replay the responses of a recording without a network."""

from base64 import b64decode
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from re import IGNORECASE, Match
from re import compile as pattern
from types import MappingProxyType
from typing import Self

import msgspec
from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.egress import (
    BodyTooLarge,
    CookieJar,
    HeadersTooLarge,
    Refused,
    Response,
    TimedOut,
    Unreachable,
    Url,
)
from linkskipper.egress.har import model
from linkskipper.egress.har.files import read_har
from linkskipper.errors import EgressError, HarError, LinkSkipperError

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_ERRORS = {error.__name__: error for error in (Unreachable, TimedOut, BodyTooLarge, HeadersTooLarge)}
_EXPIRES = pattern(r"(;\s*expires\s*=)([^;]*)", IGNORECASE)


class NotRecorded(LinkSkipperError):
    """A replay received a request that its recording does not contain."""


class Replay:
    """A transport that answers from a HAR file. Method, URL and body of a request select the entry.

    Among several matching entries, those with the same cookies win. They are used in order, and the last one repeats.
    """

    def __init__(self, har: model.Har) -> None:
        self.har = har
        self._uses: Counter[tuple[int, ...]] = Counter()

    @classmethod
    def read(cls, file: Path) -> Self:
        """Replay a file.

        Raises:
            HarError: The file cannot be read or is not HAR.
        """
        return cls(read_har(file))

    async def fetch(
        self,
        url: Url,
        *,
        method: str = "GET",
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        jar: CookieJar | None = None,
        timeout: float | None = None,  # noqa: ARG002 - part of Transport
    ) -> Response:
        """Return the recorded response, or raise the recorded error.

        Raises:
            NotRecorded: No entry matches.
            EgressError: The recorded error.
            HarError: The recorded body cannot be decoded.
        """
        posted = _without_boundary((body or b"").decode("utf-8", "replace"), headers.get("Content-Type", ""))
        entry = self._choose(url, method, posted, jar)
        recorded = entry.response
        if isinstance(recorded.error, str):
            raise _recorded_error(url, recorded.error)
        fields = _headers(entry)
        if jar is not None:
            jar.store(url, fields.getall("Set-Cookie", ()))
        content_type = fields.get("Content-Type", recorded.content.mime_type)
        content, charset = _body(url, recorded.content, content_type)
        media_type = content_type.partition(";")[0].strip().lower()
        return Response(url, recorded.status, fields, content, media_type, charset)

    def _choose(self, url: Url, method: str, posted: str, jar: CookieJar | None) -> model.HarEntry:
        href = url.without_fragment
        entries = self.har.log.entries
        matching = [index for index, entry in enumerate(entries) if _matches(entry.request, href, method, posted)]
        cookies = (jar.header(url) if jar else None) or ""
        same_cookies = [index for index in matching if _cookies(entries[index].request) == cookies]
        candidates = tuple(same_cookies or matching)
        if not candidates:
            raise NotRecorded(f"The recording has no response for {method} {href}.")
        uses = self._uses[candidates]
        self._uses[candidates] += 1
        return entries[candidates[min(uses, len(candidates) - 1)]]


def _matches(request: model.HarRequest, url: str, method: str, posted: str) -> bool:
    return request.url.partition("#")[0] == url and request.method == method and _posted(request.post_data) == posted


def _posted(data: model.PostData | msgspec.UnsetType) -> str:
    return "" if isinstance(data, msgspec.UnsetType) else _without_boundary(data.text, data.mime_type)


def _without_boundary(posted: str, content_type: str) -> str:
    """Return a multipart body without its boundary, which is random for each request."""
    boundary = _content_type(content_type).get_param("boundary")
    return posted.replace(boundary, "") if isinstance(boundary, str) and boundary else posted


def _content_type(text: str) -> Message:
    message = Message()
    message["Content-Type"] = text
    return message


def _cookies(request: model.HarRequest) -> str:
    return next((header.value for header in request.headers if header.name.lower() == "cookie"), "")


def _headers(entry: model.HarEntry) -> CIMultiDictProxy[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    for header in entry.response.headers:
        value = _as_sent(header.value)
        if header.name.lower() == "set-cookie" and entry.started_date_time != model.NO_TIME:
            value = _postpone_expiry(value, datetime.now(UTC) - _with_zone(entry.started_date_time))
        headers.add(header.name, value)
    return CIMultiDictProxy(headers)


def _with_zone(time: datetime) -> datetime:
    """Return the time with its zone. A time without a zone is UTC."""
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _postpone_expiry(cookie: str, age: timedelta) -> str:
    """Move the expiry of a cookie by the age of the recording: a cookie that was valid then stays valid."""

    def postponed(match: Match[str]) -> str:
        try:
            return match[1] + format_datetime(parsedate_to_datetime(match[2]).astimezone(UTC) + age, usegmt=True)
        except (ValueError, OverflowError):
            return match[0]

    return _EXPIRES.sub(postponed, cookie)


def _as_sent(value: str) -> str:
    """Return the text that the client would decode from the bytes of this header value."""
    try:
        return value.encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value


def _body(url: Url, content: model.HarContent, content_type: str) -> tuple[bytes, str | None]:
    """Return the body and its charset. A body stored as text becomes UTF-8.

    Raises:
        HarError: The body is not valid base64.
    """
    if content.encoding is msgspec.UNSET:
        return content.text.encode(), "utf-8"
    try:
        return b64decode(content.text), _content_type(content_type).get_content_charset()
    except ValueError as error:
        raise HarError(f"The recorded body of {url.href} is not valid base64: {error}") from None


def _recorded_error(url: Url, error: str) -> EgressError:
    name, _, message = error.partition(": ")
    if name == Refused.__name__:
        return Refused(url.host, "", message)
    return _ERRORS.get(name, Unreachable)(message or error)
