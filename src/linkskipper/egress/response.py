"""The response to a request: its status, headers and decoded body."""

import re
from collections.abc import Mapping

import msgspec
from multidict import CIMultiDictProxy

from linkskipper.egress.charset_detection import detect_charset
from linkskipper.egress.charsets import Charset
from linkskipper.egress.urls import Url

_CHARSET = re.compile(r"(?:[^\"]|\"[^\"]*+\"?+)*?;\s*+charset=(?:\"([^\"]*+)\"?+|([^\s;\"]++))", re.IGNORECASE)
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
        media_type: The media type in lower case, or "" if the server sent none.
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


def media_type_of(headers: Mapping[str, str]) -> str:
    """Return the media type of a Content-Type header in lower case, or ""."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def charset_of(headers: Mapping[str, str]) -> str | None:
    """Return the charset of a Content-Type header in lower case, or None."""
    match = _CHARSET.match(headers.get("Content-Type", ""))
    return None if match is None else (match[1] or match[2] or "").lower()


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
