"""Responses that are too large, too slow, broken or wrong (docs/explanation/egress-guard.md, "Bodies")."""

import asyncio
import gzip
import socket
import struct
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import brotli  # type: ignore[import-untyped]
import pytest

from linkskipper.egress import (
    BodyTooLarge,
    Client,
    FetchLimits,
    HeadersTooLarge,
    Response,
    TimedOut,
    Unreachable,
    parse_url,
)
from linkskipper.egress.body import BoundedBody
from support.clients import Clients
from support.heartbeat import heartbeat
from support.wire import Script, Wire

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024 * 1024
LIMITS = FetchLimits(connect_seconds=2, fetch_seconds=5, body_bytes=MIB, raw_bytes=MIB)
TEXT = "<p>Schöne Grüße</p>" * 50
HTML = "text/html; charset=utf-8"


def answer(body: bytes, *, coding: str | None = None, media_type: str = HTML) -> bytes:
    """Return a whole response with this body as it is sent."""
    lines = [b"HTTP/1.1 200 OK", f"Content-Length: {len(body)}".encode(), f"Content-Type: {media_type}".encode()]
    if coding:
        lines.append(f"Content-Encoding: {coding}".encode())
    return b"\r\n".join([*lines, b"", body])


async def fetch(clients: Clients, wire: Wire, limits: FetchLimits = LIMITS) -> Response:
    """Fetch from the server once."""
    egress = await clients.make(allow=[f"127.0.0.1:{wire.port}"], limits=limits)
    return await again(egress, wire)


async def again(egress: Client, wire: Wire) -> Response:
    """Fetch from the server with an open client."""
    return await egress.fetch(parse_url(f"http://127.0.0.1:{wire.port}/"))


def endless(head: bytes, piece: bytes) -> Script:
    """Return a script that sends without end, until it is cut off."""

    async def send(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()

    return send


def bare_deflate(data: bytes) -> bytes:
    """Deflate without the zlib wrapping, as some servers send it."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "DEFLATE": bare_deflate,
    "br": partial(brotli.compress, quality=4),
    "zstd": zstd.compress,
    "identity": bytes,
}


@pytest.mark.parametrize("coding", PACKERS)
async def test_each_coding_is_decoded(clients: Clients, wire: Wire, coding: str) -> None:
    """The client understands every coding that it offers to servers."""
    wire.reply = answer(PACKERS[coding](TEXT.encode()), coding=coding)
    assert (await fetch(clients, wire)).text() == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_bomb_stops_at_the_limit(clients: Clients, wire: Wire, coding: str) -> None:
    """A bomb of 64 MiB in a few kilobytes stops at the limit of 1 MiB. It never takes more than a few MiB."""
    wire.reply = answer(PACKERS[coding](bytes(64 * MIB)), coding=coding)
    assert len(wire.reply) < MIB
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLarge):
            await fetch(clients, wire)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB


CHUNKED = f"HTTP/1.1 200 OK\r\nContent-Type: {HTML}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
FRAMING = {
    "chunks of a byte": b"1\r\na\r\n",
    "chunks of a byte with zeros": b"000000000000001\r\na\r\n",
    "extensions": b"40;" + b"x" * 4000 + b"\r\n" + b"a" * 64 + b"\r\n",
    "short extensions": b"1;a=b\r\na\r\n",
}


@pytest.mark.parametrize("piece", FRAMING.values(), ids=FRAMING)
@pytest.mark.parametrize("head", [CHUNKED, CHUNKED.replace(b"text/html", b"image/png")], ids=["read", "drained"])
async def test_framing_without_an_end(clients: Clients, wire: Wire, head: bytes, piece: bytes) -> None:
    """A body that is mostly framing ends soon, although its own bytes are few. The loop goes on meanwhile."""
    sent = 0

    async def send(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(head)
        while not writer.is_closing():
            writer.write(piece * (64 * 1024 // len(piece)))
            sent += 64 * 1024
            await writer.drain()

    wire.script = send
    async with heartbeat() as pulse:
        with suppress(HeadersTooLarge):
            assert head is not CHUNKED or not (await fetch(clients, wire)).body
    assert pulse.longest < 0.1
    assert sent < 16 * MIB


@pytest.mark.attack
@pytest.mark.parametrize("line", [b"\r\n", b"\n", b" \n\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_lines_without_an_end_before_a_head(clients: Clients, wire: Wire, line: bytes) -> None:
    """A response that never begins ends soon, although the server sends as fast as it can."""
    sent = 0

    async def send(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while not writer.is_closing():
            writer.write(line * (64 * 1024 // len(line)))
            sent += 64 * 1024
            await writer.drain()

    wire.script = send
    async with heartbeat() as pulse:
        with pytest.raises(Unreachable):
            await fetch(clients, wire)
    assert pulse.longest < 0.1
    assert sent < 16 * MIB


async def test_small_chunks(clients: Clients, wire: Wire) -> None:
    """A page in chunks of a few words is read."""
    wire.reply = CHUNKED + b"".join(b"14\r\n<p>twenty bytes</p>\n\r\n" for _ in range(20_000)) + b"0\r\n\r\n"
    assert len((await fetch(clients, wire)).body) == 400_000


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "DEFLATE", "zstd"])
def test_small_chunks_after_the_end(coding: str) -> None:
    """Bytes that follow the end of a coded body are ignored, in a time in proportion to their number."""

    body = BoundedBody(coding, raw_limit=4 * MIB, limit=4 * MIB)
    body.feed(PACKERS[coding](b"x"))
    begin = time.process_time()
    for _ in range(150_000):
        body.feed(bytes(20))
    assert time.process_time() - begin < 1
    assert body.result() == b"x"


async def test_a_wide_window_is_not_granted(clients: Clients, wire: Wire) -> None:
    """A zstd body that asks for 128 MiB of history is refused before any of it is reserved (RFC 9659)."""
    wide: dict[int, int] = {
        zstd.CompressionParameter.window_log: 27,
        zstd.CompressionParameter.enable_long_distance_matching: 1,
    }
    packer = zstd.ZstdCompressor(options=wide)
    wire.reply = answer(packer.compress(TEXT.encode()) + packer.flush(), coding="zstd")
    with pytest.raises(Unreachable):
        await fetch(clients, wire)


async def test_a_body_just_within_its_limit(clients: Clients, wire: Wire) -> None:
    """A body of exactly the limit is read. One byte more is refused."""
    wire.reply = answer(gzip.compress(bytes(MIB)), coding="gzip")
    assert len((await fetch(clients, wire)).body) == MIB
    wire.reply = answer(gzip.compress(bytes(MIB + 1)), coding="gzip")
    with pytest.raises(BodyTooLarge):
        await fetch(clients, wire)


async def test_an_endless_body_is_cut_off(clients: Clients, wire: Wire) -> None:
    """A body without an end stops at the limit on the bytes that are sent."""
    wire.script = endless(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"x" * 65536)
    with pytest.raises(BodyTooLarge):
        await fetch(clients, wire)


async def test_an_endless_body_of_empty_blocks(clients: Clients, wire: Wire) -> None:
    """A coded body that never unpacks to anything stops at a limit too."""
    empty_blocks = b"\x00\x00\x00\xff\xff" * 1000  # stored deflate blocks of no bytes
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: deflate\r\n\r\n\x78\x9c"
    wire.script = endless(head, empty_blocks)
    with pytest.raises(BodyTooLarge):
        await fetch(clients, wire)


async def test_a_dripping_body_times_out(clients: Clients, wire: Wire) -> None:
    """Bytes that keep coming do not extend the time for the whole fetch."""

    async def drip(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    wire.script = drip
    with pytest.raises(TimedOut):
        await fetch(clients, wire, FetchLimits(fetch_seconds=0.3))


async def test_a_silent_server_times_out(clients: Clients, wire: Wire) -> None:
    """A server that accepts the connection and sends nothing times out."""
    wire.reply = b""
    egress = await clients.make(allow=[f"127.0.0.1:{wire.port}"])
    with pytest.raises(TimedOut):
        await egress.fetch(parse_url(f"http://127.0.0.1:{wire.port}/"), timeout=0.2)


@pytest.mark.parametrize(
    "headers",
    [
        b"X-Long: " + b"x" * MIB + b"\r\n",
        b"X" * MIB + b": x\r\n",
        b"".join(b"X-%d: y\r\n" % number for number in range(60_000)),
        b"".join(b"X-%d: %s\r\n" % (number, b"y" * 10_000) for number in range(100)),
        b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(70)),
    ],
    ids=["value", "name", "many", "many-large", "over-the-total"],
)
async def test_headers_over_their_limit(clients: Clients, wire: Wire, headers: bytes) -> None:
    """A megabyte of headers, in one field or in many, is refused."""
    wire.reply = b"HTTP/1.1 200 OK\r\n" + headers + b"Content-Length: 0\r\n\r\n"
    with pytest.raises(HeadersTooLarge):
        await fetch(clients, wire)


async def test_a_reset_within_the_body(clients: Clients, wire: Wire) -> None:
    """A connection that breaks within the body is an error. It does not give a shorter body."""

    async def reset(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    wire.script = reset
    with pytest.raises(Unreachable):
        await fetch(clients, wire)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nshorter",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: br\r\n\r\n\xff\xff\xff\xff\xff",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: zstd\r\n\r\nshort",
        b"HTTP/1.1 20x OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
)
async def test_broken_answers_are_unreachable(clients: Clients, wire: Wire, reply: bytes) -> None:
    """Wrong lengths, wrong codings and bytes that are not HTTP end as one error. The connection is closed."""

    async def send(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)

    wire.script = send
    with pytest.raises(Unreachable):
        await fetch(clients, wire)


CHECKSUM = zlib.crc32(TEXT.encode()).to_bytes(4, "little")


@pytest.mark.parametrize("trailer", [b"\0" * 8, CHECKSUM + b"\0" * 4, b"\0", b"", b"\0" * 9, b"\0" * 500])
@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_the_end_of_gzip_does_not_count(clients: Clients, wire: Wire, trailer: bytes, size: int) -> None:
    """A wrong checksum, a wrong length, no trailer and a longer one change nothing, wherever the pieces end."""
    packed = gzip.compress(TEXT.encode())[:-8] + trailer
    assert (await unpacked(clients, wire, packed, size)).text() == TEXT


GZIP = gzip.compress(TEXT.encode())
HEADERS = {
    "name": b"\x08" + GZIP[4:10] + b"page.html\0",
    "comment": b"\x10" + GZIP[4:10] + b"a comment\0",
    "extra": b"\x04" + GZIP[4:10] + b"\x05\x00extra",
    "checksum": b"\x02" + GZIP[4:10] + b"\x12\x34",
    "all": b"\x1e" + GZIP[4:10] + b"\x02\x00\x00\x00name\0comment\0\x12\x34",
    "empty": b"\x1e" + GZIP[4:10] + b"\x00\x00\0\0\x00\x00",
    "reserved flags": b"\xe0" + GZIP[4:10],
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("size", [1, 11, 100_000])
async def test_headers_of_gzip(clients: Clients, wire: Wire, header: bytes, size: int) -> None:
    """Each field that a header of gzip may have is passed over (RFC 1952, section 2.3), wherever the pieces end."""
    assert (await unpacked(clients, wire, GZIP[:3] + header + GZIP[10:], size)).text() == TEXT


@pytest.mark.parametrize("packed", [b"\x1f\x8b\x07", b"\x1f\x8c", b"\x1f\x8b\x08\x08" + b"x" * 200_000])
async def test_wrong_headers_of_gzip(clients: Clients, wire: Wire, packed: bytes) -> None:
    """Another format and a header without an end are refused."""
    with pytest.raises(Unreachable):
        await unpacked(clients, wire, packed, 50_000)


async def unpacked(clients: Clients, wire: Wire, packed: bytes, size: int) -> Response:
    """Return the response whose body is sent in pieces of this size."""

    async def send(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n\r\n")
        for begin in range(0, len(packed), size):
            writer.write(packed[begin : begin + size])
            await asyncio.sleep(0)

    wire.script = send
    return await fetch(clients, wire)


@pytest.mark.parametrize("coding", ["utf-8", "rot13", "gzip, rot13", "gzip, identity", "none", "identity", ""])
async def test_unknown_codings_are_left_alone(clients: Clients, wire: Wire, coding: str) -> None:
    """A coding that no browser knows is often a charset in the wrong field. The body is read unchanged."""
    wire.reply = f"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: {coding}\r\n\r\nplain".encode()
    assert (await fetch(clients, wire)).body == b"plain"


async def test_codings_in_a_row(clients: Clients, wire: Wire) -> None:
    """Several codings are decoded in turn, the last one first (RFC 9110, section 8.4)."""
    wire.reply = answer(gzip.compress(zlib.compress(b"plain")), coding="deflate, gzip")
    assert (await fetch(clients, wire)).body == b"plain"


async def test_a_body_longer_than_announced(clients: Clients, wire: Wire) -> None:
    """Bytes after the announced length are neither part of the body nor the next response."""
    wire.reply = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright" + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
    )
    egress = await clients.make(allow=[f"127.0.0.1:{wire.port}"])
    assert [(await again(egress, wire)).body for _ in range(3)] == [b"right"] * 3


@pytest.mark.parametrize("media_type", ["image/png", "video/mp4", "application/octet-stream", "application/pdf"])
async def test_bodies_that_cannot_matter_are_left(clients: Clients, wire: Wire, media_type: str) -> None:
    """The body of a download is not read, however long it is."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\n\r\n"
    wire.script = endless(head.encode(), b"x" * 65536)
    response = await fetch(clients, wire)
    assert (response.media_type, response.body) == (media_type, b"")


@pytest.mark.parametrize("media_type", ["text/html", "TEXT/Plain", "application/json", "application/ld+json", "html"])
async def test_text_is_read(clients: Clients, wire: Wire, media_type: str) -> None:
    """Pages, scripts, JSON and bodies without a useful type are read."""
    wire.reply = answer(b"body", media_type=media_type)
    assert (await fetch(clients, wire)).body == b"body"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("ü".encode("latin-1"), "text/html; charset=ISO-8859-1"),
        ("ü".encode(), "text/html"),
        ("\ufeffü".encode(), "text/html; charset=ISO-8859-1"),
        ("ü".encode("utf-16"), "text/html"),
        (b"<meta charset=windows-1252>" + "ü".encode("cp1252"), "text/html"),
        (b"<META http-equiv=content-type content='text/html; charset=koi8-r'>" + "я".encode("koi8-r"), "text/html"),
        (b"<meta charset=utf-16>" + "ü".encode(), "text/html"),
        ("ü".encode(), "text/html; charset=no-such-thing"),
        ("ü".encode(), "text/html; charset=zlib"),
        ("ü".encode(), 'text/html; charset="utf-8"'),
    ],
)
async def test_text_is_decoded(clients: Clients, wire: Wire, body: bytes, media_type: str) -> None:
    """The charset comes from a byte order mark, the header or a meta element. An unknown charset is read as UTF-8."""
    wire.reply = answer(body, media_type=media_type)
    assert (await fetch(clients, wire)).text()[-1] in "üя"


async def test_text_never_fails(clients: Clients, wire: Wire) -> None:
    """Bytes that are wrong in their charset are replaced."""
    wire.reply = answer(b"a\xff\xfeb", media_type="text/html; charset=utf-8")
    assert (await fetch(clients, wire)).text() == "a\ufffd\ufffdb"
