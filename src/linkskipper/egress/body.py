"""Decode bodies within limits, on the bytes sent and on the decoded bytes."""

import sys
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]

from linkskipper.egress.errors import BodyTooLarge, Unreachable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
_ZSTD_WINDOW_LOG = 23  # 8 MiB, the most that RFC 9659 lets a web server use
_MAX_CODINGS = 4
_ZLIB_METHOD = 8  # RFC 1950: the low half of a zlib stream's first byte

# Takes bytes and the most that may come out. Output beyond that stays unread.
Decoder = Callable[[bytes, int], bytes]


class BoundedBody:
    """Collects a body. `raw_limit` counts the bytes as sent, `limit` the decoded bytes."""

    def __init__(self, coding: str, *, raw_limit: int, limit: int) -> None:
        self._decode = _decoder(coding.strip().lower())
        self._raw_left = raw_limit
        self._limit = limit
        self._body = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Add the next bytes, as they were sent.

        Raises:
            BodyTooLarge: A limit is passed.
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
        """Return the decoded body."""
        return bytes(self._body)


def _decoder(codings: str) -> Decoder:
    """Undo a list of codings, the last one first. Like browsers, leave a body alone whose codings are not all known."""
    names = [name for name in codings.replace(" ", "").split(",") if name not in ("", "identity")]
    if not names or any(name not in _DECODERS for name in names):
        return lambda data, _room: data
    decoders = [_DECODERS[name]() for name in reversed(names[:_MAX_CODINGS])]

    def decode(data: bytes, room: int) -> bytes:
        for one in decoders:
            data = one(data, room)
        return data

    return decoders[0] if len(decoders) == 1 else decode


def _inflate(window_bits: int) -> Decoder:
    return zlib.decompressobj(window_bits).decompress


def _deflate() -> Decoder:
    """Read zlib streams and, as browsers do, the bare deflate that some servers send under this name."""
    inflate: Decoder | None = None

    def decode(data: bytes, room: int) -> bytes:
        nonlocal inflate
        if inflate is None and data:
            inflate = _inflate(15 if data[0] & 0x0F == _ZLIB_METHOD else -15)
        return inflate(data, room) if inflate else b""

    return decode


def _brotli() -> Decoder:
    unpacker = brotli.Decompressor()
    return lambda data, room: unpacker.process(data, output_buffer_limit=room)


def _zstd() -> Decoder:
    unpacker = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
    # Browsers leave the bytes after the frame's end unread. To read them would raise EOFError.
    return lambda data, room: b"" if unpacker.eof else unpacker.decompress(data, room)


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: _inflate(31),
    "x-gzip": lambda: _inflate(31),
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
