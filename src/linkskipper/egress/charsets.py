"""Character encodings by the labels of web pages (Encoding standard), where latin1 means windows-1252."""

import codecs
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, Self

import webencodings

_C1 = {byte: chr(byte) for byte in range(0x80, 0xA0)}
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_CHINESE = frozenset({"gbk", "gb18030"})
_REPLACEMENT = "\ufffd"
# URL standard, "special-query percent-encode set".
_ESCAPED_IN_QUERY = frozenset({*range(0x21), *b"\"#<>'", *range(0x7F, 0x100)})
_UPPER = ("utf-", "iso-", "euc-", "koi8-", "ibm", "gbk")
_STANDARD_NAMES = {"shift_jis": "Shift_JIS", "big5": "Big5"}


class Charset(NamedTuple):
    """An encoding: its name in the standard, and the name of Python's codec."""

    name: str
    codec: str

    @classmethod
    def from_label(cls, label: str) -> Self | None:
        """Return the encoding with this label. Codecs that only Python knows have none.

        The label x-user-defined means windows-1252, as the HTML standard has it for pages.
        """
        if not label.isascii():  # which no label is, and a header may have bytes that are not text
            return None
        encoding = webencodings.lookup("latin1" if label.strip().lower() == "x-user-defined" else label)
        return None if encoding is None else cls(_standard_name(encoding.name), encoding.codec_info.name)

    def for_output(self) -> "Charset":
        """Return the encoding to send forms and queries in (Encoding standard, "get an output encoding")."""
        return UTF8 if self.name.startswith("UTF-16") or self.codec == "replacement" else self

    def decode(self, data: bytes) -> str:
        """Decode bytes, and replace those that are wrong. The encodings that only attacks use hold no text."""
        if self.codec == "replacement":
            return _REPLACEMENT if data else ""
        if self.codec in _CHINESE:
            return data.decode("gb18030", "linkskipper.euro")
        return data.decode(self.codec, "linkskipper.c1" if _has_c1(self.codec) else "replace")

    def encode(self, text: str) -> bytes:
        """Encode the data of a form. Characters that the charset lacks become &#number;."""
        return text.encode(self.codec, _encoding_errors("&#{};", self.codec))

    def encode_query(self, query: str) -> str:
        """Percent-encode the query of a URL (URL standard, "percent-encode after encoding")."""
        encoded = query.encode(self.codec, _encoding_errors("%26%23{}%3B", self.codec))
        return "".join(f"%{byte:02X}" if byte in _ESCAPED_IN_QUERY else chr(byte) for byte in encoded)


def _standard_name(name: str) -> str:
    """Return the name that the standard gives an encoding, which is what a `_charset_` field receives."""
    return name.upper() if name.startswith(_UPPER) else _STANDARD_NAMES.get(name, name)


class _Decoder:
    """Decodes the bytes that Python's codec lacks."""

    def __init__(self, characters: Mapping[int, str]) -> None:
        self._characters = characters

    def __call__(self, error: Any) -> tuple[str | bytes, int]:
        return self._characters.get(error.object[error.start], _REPLACEMENT), error.start + 1


class _Encoder:
    """Encodes the characters that Python's codec lacks: as a byte if the standard has one, else as a reference."""

    def __init__(self, reference: str, c1: frozenset[str]) -> None:
        self._reference = reference
        self._c1 = c1

    def __call__(self, error: Any) -> tuple[str | bytes, int]:
        """Encode the whole run of characters: codecs look for its end again at each character."""
        parts = [self._encoded(character, error.encoding) for character in error.object[error.start : error.end]]
        if not any(isinstance(part, bytes) for part in parts):
            return "".join(map(str, parts)), error.end
        return b"".join(part if isinstance(part, bytes) else part.encode() for part in parts), error.end

    def _encoded(self, character: str, encoding: str) -> str | bytes:
        if character in self._c1:
            return bytes([ord(character)])
        if character == "€" and encoding == "gbk":
            return b"\x80"
        return self._reference.format(ord(_REPLACEMENT if _SURROGATES.match(character) else character))


def _has_c1(codec: str) -> bool:
    """Return whether the standard reads bytes that Python's codec lacks as C1 control characters."""
    return codec.startswith("cp125") or codec == "cp874"


@cache
def _encoding_errors(reference: str, codec: str) -> str:
    """Register how a codec encodes the characters that it lacks. Return the name for `str.encode`."""
    name = f"linkskipper.{codec}.{reference}"
    c1 = {chr(byte) for byte in _C1 if not bytes([byte]).decode(codec, "ignore")} if _has_c1(codec) else set()
    codecs.register_error(name, _Encoder(reference, frozenset(c1)))
    return name


codecs.register_error("linkskipper.c1", _Decoder(_C1))
codecs.register_error("linkskipper.euro", _Decoder({0x80: "€"}))

UTF8 = Charset("UTF-8", "utf-8")
UTF16_LE = Charset("UTF-16LE", "utf-16-le")
UTF16_BE = Charset("UTF-16BE", "utf-16-be")
WINDOWS_1252 = Charset("windows-1252", "cp1252")
