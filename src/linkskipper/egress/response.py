"""Responses."""

import codecs
import re

import msgspec
from multidict import CIMultiDictProxy

from linkskipper.egress.charsets import UTF8, UTF16_BE, UTF16_LE, Charset
from linkskipper.egress.urls import Url

_BOMS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, UTF16_LE), (codecs.BOM_UTF16_BE, UTF16_BE))
_META = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_META_WITHIN = 1024  # bytes (HTML standard, "prescan a byte stream to determine its encoding")
_FIRST_NON_ASCII = 0x80


class Response(msgspec.Struct, frozen=True, gc=False):
    """One response. No redirect was followed.

    `body` is decoded. It is b"" where it does not matter: for a redirect, and for media types other than text.
    `media_type` is lower-case, "" if there is none. `charset` is the one of the Content-Type header.
    """

    url: Url
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    media_type: str
    charset: str | None

    def text(self) -> str:
        """Decode the body. Malformed bytes become U+FFFD."""
        return self.body.decode(self.encoding().codec, "replace").removeprefix("\ufeff")

    def encoding(self) -> Charset:
        """Return the encoding by byte order mark, header or meta element, else UTF-8."""
        for bom, encoding in _BOMS:
            if self.body.startswith(bom):
                return encoding
        return self._labelled(self.charset) or self._labelled(self._meta_charset()) or UTF8

    def locations(self) -> list[str]:
        """Return each Location header, its non-ASCII bytes percent-encoded one by one, as browsers do."""
        return [_percent_encoded(value) for value in self.headers.getall("Location", ())]

    @staticmethod
    def _labelled(label: str | None) -> Charset | None:
        return None if label is None else Charset.labelled(label)

    def _meta_charset(self) -> str | None:
        found = _META.search(self.body, 0, _META_WITHIN)
        if found is None:
            return None
        charset = found[1].decode("ascii")
        # What a meta element could be read from is not UTF-16, whatever it says (HTML standard, same place).
        return "utf-8" if charset.lower().startswith("utf-16") else charset


def _percent_encoded(value: str) -> str:
    if value.isascii():
        return value
    raw = value.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte < _FIRST_NON_ASCII else f"%{byte:02X}" for byte in raw)
