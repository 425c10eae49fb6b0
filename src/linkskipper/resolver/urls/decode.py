"""Decode a URL that is embedded in another one."""

import re
from base64 import b64decode
from binascii import Error as BinasciiError
from collections.abc import Callable, Iterable
from itertools import islice
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any
from urllib.parse import unquote

from linkskipper.catalog import Decoding, TextChange
from linkskipper.egress import MAX_URL

MAX_TEXT = 4 * MAX_URL
"""Characters of a text after each decoding."""

_UNDECODED = re.compile("[\udc80-\udcff]")
_FIRST_SURROGATE = 0xDC00
_PROOFPOINT3 = re.compile(r"__(.+?)__(?:;|%3B)([A-Za-z0-9_-]*)(?:!|%21)", re.DOTALL | re.IGNORECASE)
_MARK = re.compile(r"\*(?:\*(.))?", re.DOTALL)
_RUN_LENGTHS = dict(zip(ascii_uppercase + ascii_lowercase + digits + "-_", range(2, 66), strict=True))


def decode(text: str, decodings: Iterable[Decoding]) -> str | None:
    """Apply the decodings in order. Return None if the text does not fit one of them, or ends as no Unicode text."""
    try:
        for decoding in decodings:
            text = _changed(text, decoding) if isinstance(decoding, TextChange) else _DECODERS[decoding](text)
            if len(text) > MAX_TEXT:
                return None
        text.encode()
    except (BinasciiError, ValueError):
        return None
    return text


def percent_decode(text: str) -> str:
    """Percent-decode a text. Bytes that are not UTF-8 stay encoded."""
    decoded = unquote(text, errors="surrogateescape")
    return _UNDECODED.sub(lambda match: f"%{ord(match[0]) - _FIRST_SURROGATE:02X}", decoded)


def _changed(text: str, change: TextChange) -> str:
    """Apply a change.

    Raises:
        ValueError: The text does not fit it.
    """
    if change.pattern is not None:
        return _captured(text, change.pattern)
    if change.replace is not None:
        return text.translate({ord(character): replacement for character, replacement in change.replace})
    if change.add_prefix is not None:
        return change.add_prefix + text
    prefix, suffix = change.prefix or "", change.suffix or ""
    if not (text.startswith(prefix) and text.endswith(suffix)):
        raise ValueError
    return text.removeprefix(prefix).removesuffix(suffix)


def _captured(text: str, pattern: Any) -> str:
    match = pattern.search(text.encode(errors="surrogateescape"))
    if match is None or not match.group(1):
        raise ValueError
    group: bytes = match.group(1)
    return group.decode(errors="surrogateescape")


def _uri(text: str) -> str:
    return unquote(text, errors="strict")


def _base64(text: str) -> str:
    """Decode base64 whose padding may be missing."""
    return _text(b64decode(text + "=" * (-len(text) % 4), validate=True))


def _base64url(text: str) -> str:
    return _text(b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))


def _hex(text: str) -> str:
    return _text(bytes.fromhex(text))


def _text(content: bytes) -> str:
    """Keep bytes that are not UTF-8 for the next decoding: a pattern can find the URL between them."""
    return content.decode(errors="surrogateescape")


def _proofpoint3(text: str) -> str:
    """Decode the links of Proofpoint's URL Defense, version 3: `__URL__;BASE64URL!`.

    Each `*` in the URL stands for the next character of the base64url. `**` and a letter stand for several: `A` for 2,
    `B` for 3, and so on.
    """
    match = _PROOFPOINT3.match(text)
    if match is None:
        raise ValueError
    hidden = iter(_base64url(match[2]))

    def revealed(mark: re.Match[str]) -> str:
        length = 1 if mark[1] is None else _RUN_LENGTHS.get(mark[1], 0)
        characters = "".join(islice(hidden, length))
        if not length or len(characters) < length:
            raise ValueError
        return characters

    return _MARK.sub(revealed, percent_decode(match[1]))


def _reverse(text: str) -> str:
    return text[::-1]


_DECODERS: dict[str, Callable[[str], str]] = {
    "uri": _uri,
    "base64": _base64,
    "base64url": _base64url,
    "hex": _hex,
    "reverse": _reverse,
    "proofpoint3": _proofpoint3,
}
