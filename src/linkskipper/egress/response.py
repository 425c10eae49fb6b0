"""What came back."""

import codecs
import re

import msgspec
from multidict import CIMultiDictProxy

from linkskipper.egress.urls import Url

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
# Python keeps every codec name that it was ever asked for, found or not, so strangers do not get to ask for any.
_CHARSETS = re.compile(
    r"utf-?8|utf-16(le|be)?|us-ascii|latin1|iso-8859-1?\d|(windows-|cp)(125\d|866|874|949)|koi8-[ru]"
    r"|gbk|gb2312|gb18030|big5(-hkscs)?|euc-(jp|kr)|shift[-_]jis|iso-2022-jp|tis-620|macintosh"
)
_META_WITHIN = 1024  # bytes (HTML standard, "prescan a byte stream to determine its encoding")
_FIRST_NON_ASCII = 0x80


class Response(msgspec.Struct, frozen=True, gc=False):
    """One answer, no redirect followed.

    `body` is decoded and b"" where it could not matter: on a redirect, and for media types that are no text.
    `media_type` is lower-case and "" if none was given; `charset` is that of the Content-Type header.
    """

    url: Url
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    media_type: str
    charset: str | None

    def text(self) -> str:
        """Decode the body by header, byte order mark or meta element, else as UTF-8; never fails."""
        for bom, encoding in _BOMS:
            if self.body.startswith(bom):
                return self.body[len(bom) :].decode(encoding, "replace")
        for charset in (self.charset, self._meta_charset()):
            if (text := _decoded(self.body, charset)) is not None:
                return text
        return self.body.decode("utf-8", "replace")

    def locations(self) -> list[str]:
        """Each Location header, its non-ASCII bytes percent-encoded one by one, as browsers do."""
        return [_percent_encoded(value) for value in self.headers.getall("Location", ())]

    def _meta_charset(self) -> str | None:
        found = _META.search(self.body, 0, _META_WITHIN)
        if found is None:
            return None
        charset = found[1].decode("ascii")
        # What a meta element could be read from is not UTF-16, whatever it says (HTML standard, same place).
        return "utf-8" if charset.lower().startswith("utf-16") else charset


def _decoded(body: bytes, charset: str | None) -> str | None:
    if charset is None or not _CHARSETS.fullmatch(charset.lower()):
        return None
    try:
        return body.decode(charset, "replace")
    except LookupError:
        return None


def _percent_encoded(value: str) -> str:
    if value.isascii():
        return value
    raw = value.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte < _FIRST_NON_ASCII else f"%{byte:02X}" for byte in raw)
