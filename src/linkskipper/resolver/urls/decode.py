"""Decode a URL that is embedded in another one."""

from base64 import b64decode
from binascii import Error as BinasciiError
from collections.abc import Callable, Iterable
from urllib.parse import unquote

from linkskipper.catalog import Decoding


def decode(text: str, decodings: Iterable[Decoding]) -> str | None:
    """Apply the decodings in order. Return None if one of them fails."""
    try:
        for decoding in decodings:
            text = _DECODERS[decoding](text)
    except (BinasciiError, ValueError):
        return None
    return text


def _uri(text: str) -> str:
    return unquote(text, errors="strict")


def _base64(text: str) -> str:
    """Decode base64 whose padding may be missing."""
    return b64decode(text + "=" * (-len(text) % 4), validate=True).decode()


def _base64url(text: str) -> str:
    return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()


def _hex(text: str) -> str:
    return bytes.fromhex(text).decode()


def _reverse(text: str) -> str:
    return text[::-1]


_DECODERS: dict[Decoding, Callable[[str], str]] = {
    "uri": _uri,
    "base64": _base64,
    "base64url": _base64url,
    "hex": _hex,
    "reverse": _reverse,
}
