"""Answers from a recording, with no network."""

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
_FAILURES = {kind.__name__: kind for kind in (Unreachable, TimedOut, BodyTooLarge, HeadersTooLarge)}
_EXPIRES = pattern(r"(;\s*expires\s*=)([^;]*)", IGNORECASE)


class NotRecorded(LinkSkipperError):
    """A replay was asked for something that its recording does not hold."""


class Replay:
    """A transport that answers from a HAR file, by the method, URL and body of a request.

    Several matching entries are used in turn, the last one again and again. Entries with the same cookies come first.

    Raises:
        NotRecorded: No entry matches.
    """

    def __init__(self, har: model.Har) -> None:
        self.har = har
        self._given: Counter[tuple[int, ...]] = Counter()

    @classmethod
    def read(cls, file: Path) -> Self:
        """Replay a file.

        Raises:
            HarError: The file cannot be read, or is not HAR.
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
        timeout: float | None = None,  # noqa: ARG002 - a transport is called with it
    ) -> Response:
        """Give the recorded answer, or raise the recorded failure."""
        posted = _without_boundary((body or b"").decode("utf-8", "replace"), headers.get("Content-Type", ""))
        entry = self._choose(url, method, posted, jar)
        answer = entry.response
        if isinstance(answer.error, str):
            raise _failure(url, answer.error)
        fields = _headers(entry)
        if jar is not None:
            jar.store(url, fields.getall("Set-Cookie", ()))
        content_type = fields.get("Content-Type", answer.content.mime_type)
        content, charset = _body(url, answer.content, content_type)
        media_type = content_type.partition(";")[0].strip().lower()
        return Response(url, answer.status, fields, content, media_type, charset)

    def _choose(self, url: Url, method: str, posted: str, jar: CookieJar | None) -> model.HarEntry:
        asked = url.href.partition("#")[0]
        entries = self.har.log.entries
        fitting = [number for number, entry in enumerate(entries) if _fits(entry.request, asked, method, posted)]
        cookies = (jar.header(url) if jar else None) or ""
        same = [number for number in fitting if _cookies(entries[number].request) == cookies]
        chosen = tuple(same or fitting)
        if not chosen:
            raise NotRecorded(f"Nothing was recorded for {method} {asked}.")
        place = self._given[chosen]
        self._given[chosen] += 1
        return entries[chosen[min(place, len(chosen) - 1)]]


def _fits(request: model.HarRequest, url: str, method: str, posted: str) -> bool:
    return request.url.partition("#")[0] == url and request.method == method and _posted(request.post_data) == posted


def _posted(data: model.PostData | msgspec.UnsetType) -> str:
    return "" if isinstance(data, msgspec.UnsetType) else _without_boundary(data.text, data.mime_type)


def _without_boundary(posted: str, content_type: str) -> str:
    """A multipart body without what stands between its parts, which is another one each time."""
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
            value = _moved_on(value, datetime.now(UTC) - _with_zone(entry.started_date_time))
        headers.add(header.name, value)
    return CIMultiDictProxy(headers)


def _with_zone(time: datetime) -> datetime:
    """A time that names no zone is one of UTC."""
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _moved_on(cookie: str, age: timedelta) -> str:
    """The cookie as it would be set today: one that was good when it was recorded stays so."""

    def later(found: Match[str]) -> str:
        try:
            return found[1] + format_datetime(parsedate_to_datetime(found[2]).astimezone(UTC) + age, usegmt=True)
        except (ValueError, OverflowError):
            return found[0]

    return _EXPIRES.sub(later, cookie)


def _as_sent(value: str) -> str:
    """The text that the client would make of these bytes."""
    try:
        return value.encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value


def _body(url: Url, content: model.HarContent, content_type: str) -> tuple[bytes, str | None]:
    """The bytes, and their charset: text is as good as UTF-8, whatever it was sent in. Raises HarError."""
    if content.encoding is msgspec.UNSET:
        return content.text.encode(), "utf-8"
    try:
        return b64decode(content.text), _content_type(content_type).get_content_charset()
    except ValueError as error:
        raise HarError(f"The answer recorded for {url.href} is not in base64: {error}") from None


def _failure(url: Url, error: str) -> EgressError:
    name, _, message = error.partition(": ")
    if name == Refused.__name__:
        return Refused(url.host, "", message)
    return _FAILURES.get(name, Unreachable)(message or error)
