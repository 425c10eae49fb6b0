"""The response to a request: its status, headers and decoded body."""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec
from multidict import CIMultiDictProxy

from linkskipper.egress.charset_detection import detect_charset
from linkskipper.egress.charsets import Charset
from linkskipper.egress.urls import Url

_CHARSET = re.compile(r"(?:[^\"]|\"[^\"]*+\"?+)*?;\s*+charset=(?:\"([^\"]*+)\"?+|([^\s;\"]++))", re.IGNORECASE)
_VALUE = re.compile(r"(?:[^\",]++|\"[^\"]*+\"?+)++")
_AFTER_TYPE = re.compile(r"[ \t;(]")
_UNKNOWN = frozenset({"unknown/unknown", "application/unknown"})  # MIME Sniffing standard, section 7
_REMEMBERED = 100  # characters of Content-Type headers
_FIRST_NON_ASCII = 0x80
_TEXT_TYPES = frozenset(
    f"application/{kind}" for kind in ("json", "xml", "javascript", "x-javascript", "ecmascript", "xhtml+xml")
)


class Response(msgspec.Struct, frozen=True, gc=False):
    """One response. Redirects are not followed.

    Attributes:
        url: The URL that was fetched.
        status: The status code.
        headers: The header fields, by name in any case.
        body: The decoded body. It is b"" for redirects, and for media types that are not text.
        media_type: The media type in lower case, or "" if the server sent none that says anything.
        charset: The charset of the Content-Type header in lower case, or None.
    """

    url: Url
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    media_type: str
    charset: str | None

    def text(self) -> str:
        """Decode the body. Bytes that are wrong in its charset are replaced."""
        return self.encoding().decode(self.body).removeprefix("\ufeff")

    def encoding(self) -> Charset:
        """Return the encoding that browsers would read the body in."""
        return detect_charset(self.body, self.charset, is_xml=self.media_type.endswith(("/xml", "+xml")))

    def locations(self) -> list[str]:
        """Return each Location header. Non-ASCII bytes are percent-encoded one by one, as browsers do."""
        return [_percent_encoded(value) for value in self.headers.getall("Location", ())]

    def refresh(self) -> str | None:
        """Return the Refresh header, or None. Like Chromium, join several, and take each byte for a character."""
        values = self.headers.getall("Refresh", ())
        if not values:
            return None
        joined = ", ".join(values)
        return joined if joined.isascii() else joined.encode("utf-8", "surrogateescape").decode("latin-1")


def content_type_of(headers: CIMultiDictProxy[str]) -> tuple[str, str | None]:
    """Return media type and charset of the Content-Type headers in lower case: "" and None if there are none.

    Like Chromium, pass over what is not a type, let the last type count, and keep the charset of an equal one before.
    """
    fields = headers.getall("Content-Type", ())
    return _content_type_of(tuple(fields)) if sum(map(len, fields)) <= _REMEMBERED else _read_content_type(fields)


def _read_content_type(fields: Sequence[str]) -> tuple[str, str | None]:
    media_type, charset = "", None
    for field in fields:
        for value in _VALUE.findall(field):
            name = _AFTER_TYPE.split(value.strip(" \t"), maxsplit=1)[0].lower()
            if "/" not in name or name == "*/*":
                continue
            match = _CHARSET.match(value)
            if name != media_type or match:
                charset = match and (match[1] or match[2] or "").lower()
            media_type = name
    return "" if media_type in _UNKNOWN else media_type, charset


_content_type_of = lru_cache(1000)(_read_content_type)  # servers send few different ones


def is_text(media_type: str) -> bool:
    """Return whether a body of this type is text. A missing or broken type counts as text: browsers would sniff it."""
    if "/" not in media_type or media_type.startswith("text/"):
        return True
    return media_type in _TEXT_TYPES or media_type.endswith(("+json", "+xml"))


def _percent_encoded(value: str) -> str:
    if value.isascii():
        return value
    raw = value.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte < _FIRST_NON_ASCII else f"%{byte:02X}" for byte in raw)
