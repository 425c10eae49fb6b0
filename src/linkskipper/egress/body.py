"""Read response bodies within limits: on the bytes sent, and on their decoded size."""

import asyncio
import sys
import zlib
from collections.abc import Callable
from contextlib import aclosing

import brotli  # type: ignore[import-untyped]

from linkskipper.egress.errors import BodyTooLarge, HeadersTooLarge, TimedOut, Unreachable
from linkskipper.egress.http1.connection import HttpConnection
from linkskipper.egress.http1.head import Head

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
_ZSTD_WINDOW_LOG = 23  # 8 MiB, the largest window that RFC 9659 allows a web server
_MAX_CODINGS = 4
_GZIP_MAGIC = b"\x1f\x8b\x08"
_GZIP_FIXED = 10  # bytes of the header that each stream has
_GZIP_CHECKSUM, _GZIP_EXTRA, _GZIP_NAME, _GZIP_COMMENT = 2, 4, 8, 16  # flags of what follows them
_MAX_GZIP_HEADER = 128 * 1024  # bytes: an extra field of 64 KiB, a name and a comment
_ZLIB_METHOD = 8  # RFC 1950: the lower half of the first byte of a zlib stream
_DRAIN_BYTES = 16 * 1024
_DRAIN_SECONDS = 0.2
_EXCERPT_SECONDS = 1.0

Decoder = Callable[[bytes, int], bytes]
"""Decode bytes into at most the given number of bytes. Further output stays unread."""


class BoundedBody:
    """Collects and decodes a body."""

    def __init__(self, coding: str, *, raw_limit: int, limit: int) -> None:
        self._decode = _decoder(coding.strip().lower(), limit)
        self._raw_left = raw_limit
        self._limit = limit
        self._body = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Add the next bytes as they were sent.

        Raises:
            BodyTooLarge: One of the limits is exceeded.
            Unreachable: The bytes cannot be decoded.
        """
        self._raw_left -= len(chunk)
        if self._raw_left < 0:
            raise BodyTooLarge("the body as sent is over its limit")
        try:
            self._body += self._decode(chunk, self._limit - len(self._body) + 1)
        except (zlib.error, brotli.error, zstd.ZstdError) as error:
            raise Unreachable(f"the body cannot be decoded: {error}") from None
        if len(self._body) > self._limit:
            raise BodyTooLarge("the decoded body is over its limit")

    def result(self) -> bytes:
        """Return the bytes decoded so far."""
        return bytes(self._body)


async def drain_body(connection: HttpConnection, head: Head) -> None:
    """Read a small body to its end, so that the connection can be reused. Close the connection for any other."""
    if connection.buffered_body(head) is not None:
        return
    if not head.keep_alive or await _read_up_to(connection, head, _DRAIN_BYTES, _DRAIN_SECONDS) is None:
        connection.close()


async def read_excerpt(connection: HttpConnection, head: Head, size: int) -> bytes:
    """Return the first `size` bytes of a body. Close the connection if the body is longer, slow or broken."""
    if (whole := connection.buffered_body(head)) is not None:
        return whole[:size]
    beginning = bytearray()
    if await _read_up_to(connection, head, size, _EXCERPT_SECONDS, beginning) is None:
        connection.close()
    return bytes(beginning[:size])


async def _read_up_to(
    connection: HttpConnection, head: Head, size: int, seconds: float, beginning: bytearray | None = None
) -> int | None:
    """Read a body of at most `size` bytes into `beginning`. Return None if it is longer, slow or broken."""
    connection.set_deadline(asyncio.get_running_loop().time() + seconds)
    received = 0
    try:
        async with aclosing(connection.body(head)) as parts:
            async for part in parts:
                received += len(part)
                if beginning is not None:
                    beginning += part
                if received > size:
                    return None
    except (Unreachable, TimedOut, HeadersTooLarge):
        return None
    return received


def _decoder(codings: str, limit: int) -> Decoder:
    """Return a decoder for a list of codings. Like Chromium, decode nothing if one is unknown or is identity.

    What is decoded on the way to the last coding has a limit too: it could be large although the body is small.
    """
    names = [name for name in codings.replace(" ", "").split(",") if name]
    if not names or any(name not in _DECODERS for name in names):
        return lambda data, _room: data
    *decoders, last = [_DECODERS[name]() for name in reversed(names[:_MAX_CODINGS])]
    left = limit

    def decode(data: bytes, room: int) -> bytes:
        nonlocal left
        for decoder in decoders:
            data = decoder(data, left + 1)
            left -= len(data)
            if left < 0:
                raise BodyTooLarge("the decoded body is over its limit")
        return last(data, room)

    return decode if decoders else last


def _inflate(window_bits: int) -> Decoder:
    stream = zlib.decompressobj(window_bits)
    # After the end of the stream, each call would copy all bytes that follow it once more.
    return lambda data, room: b"" if stream.eof else stream.decompress(data, room)


def _gunzip() -> Decoder:
    """Decode gzip. Like browsers, ignore its checksum, its length and whatever follows them."""
    header = bytearray()
    inflate: Decoder | None = None

    def decode(data: bytes, room: int) -> bytes:
        nonlocal inflate
        if inflate is None:
            header.extend(data)
            if (end := _gzip_header_end(header)) is None:
                if len(header) > _MAX_GZIP_HEADER:
                    raise zlib.error("the header is too long")
                return b""
            inflate, data = _inflate(-zlib.MAX_WBITS), bytes(header[end:])
        return inflate(data, room)

    return decode


def _gzip_header_end(data: bytearray) -> int | None:
    """Return where the compressed data begins (RFC 1952, section 2.3), or None if the header is not complete.

    Raises:
        zlib.error: This is not gzip.
    """
    if not _GZIP_MAGIC.startswith(data[:3]):
        raise zlib.error("incorrect header check")
    if len(data) < _GZIP_FIXED:
        return None
    flags, end = data[3], _GZIP_FIXED
    if flags & _GZIP_EXTRA:
        end += 2 + int.from_bytes(data[end : end + 2], "little")
    for text in (_GZIP_NAME, _GZIP_COMMENT):
        if flags & text:
            end = data.find(0, end) + 1
            if not end:
                return None
    end += 2 if flags & _GZIP_CHECKSUM else 0
    return end if len(data) >= end else None


def _deflate() -> Decoder:
    """Decode zlib streams and, as browsers do, the raw deflate that some servers send under this name."""
    inflate: Decoder | None = None

    def decode(data: bytes, room: int) -> bytes:
        nonlocal inflate
        if inflate is None and data:
            inflate = _inflate(15 if data[0] & 0x0F == _ZLIB_METHOD else -15)
        return inflate(data, room) if inflate else b""

    return decode


def _brotli() -> Decoder:
    decompressor = brotli.Decompressor()
    return lambda data, room: decompressor.process(data, output_buffer_limit=room)


def _zstd() -> Decoder:
    decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
    # Bytes after the end of the frame would raise EOFError. Browsers ignore them.
    return lambda data, room: b"" if decompressor.eof else decompressor.decompress(data, room)


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
