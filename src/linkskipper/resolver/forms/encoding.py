"""Encode the entries of a form in the three formats of browsers, in any charset."""

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import quote_from_bytes

from linkskipper.egress import Charset
from linkskipper.resolver.forms.entries import FormEntry

_LONE_BREAK = re.compile(r"\r(?!\n)|(?<!\r)\n")
_UNESCAPED = "*-._ "  # besides letters and digits. A space becomes a plus sign.

Encoder = Callable[[Iterable[FormEntry], Charset], tuple[str, bytes]]
"""Turn entries and a charset into a content type and a body."""


def urlencoded(entries: Iterable[FormEntry], charset: Charset) -> str:
    """Encode as application/x-www-form-urlencoded (URL standard, section 5.2)."""
    return "&".join(f"{_escaped(entry.name, charset)}={_escaped(entry.value, charset)}" for entry in entries)


def _urlencoded_body(entries: Iterable[FormEntry], charset: Charset) -> tuple[str, bytes]:
    return "application/x-www-form-urlencoded", urlencoded(entries, charset).encode("ascii")


def _multipart_body(entries: Iterable[FormEntry], charset: Charset) -> tuple[str, bytes]:
    """Encode as multipart/form-data (RFC 7578, with the escapes of the HTML standard)."""
    boundary = f"----LinkSkipper{secrets.token_hex(16)}"
    parts = [_part(entry, charset) for entry in entries]
    body = b"".join(f"--{boundary}\r\n".encode() + part for part in parts) + f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def _part(entry: FormEntry, charset: Charset) -> bytes:
    name = _bytes(entry.name, charset).replace(b"\r", b"%0D").replace(b"\n", b"%0A").replace(b'"', b"%22")
    head = b'Content-Disposition: form-data; name="' + name + b'"'
    if entry.is_file:
        return head + b'; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n'
    return head + b"\r\n\r\n" + _bytes(entry.value, charset) + b"\r\n"


def _plain_body(entries: Iterable[FormEntry], charset: Charset) -> tuple[str, bytes]:
    return "text/plain", b"".join(_bytes(f"{entry.name}={entry.value}\r\n", charset) for entry in entries)


def _escaped(text: str, charset: Charset) -> str:
    return quote_from_bytes(_bytes(text, charset), safe=_UNESCAPED).replace(" ", "+").replace("~", "%7E")


def _bytes(text: str, charset: Charset) -> bytes:
    """Encode text. Line breaks become CRLF, and characters that the charset lacks become &#number;."""
    return charset.encode(_LONE_BREAK.sub("\r\n", text))


ENCODERS: dict[str, Encoder] = {
    "application/x-www-form-urlencoded": _urlencoded_body,
    "multipart/form-data": _multipart_body,
    "text/plain": _plain_body,
}


def character_count(entries: Sequence[FormEntry]) -> int:
    """Return the number of characters in the entries, which is roughly the length of their body."""
    return sum(len(entry.name) + len(entry.value) + 2 for entry in entries)
