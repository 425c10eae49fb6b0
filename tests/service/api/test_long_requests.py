"""Requests that cost the server much more than their content: framing, trailers, and requests that wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest
from starlette.types import Receive, Scope, Send

from linkskipper.api.http_protocol import MAX_CHUNKED_BYTES, MAX_HEAD_BYTES, MAX_PIPELINED
from linkskipper.service import http_server, process
from support.heartbeat import heartbeat

pytestmark = pytest.mark.attack

HEAD = b"POST /%s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
MEGABYTE = 1 << 20
FRAMING = {
    "chunks of a byte": (b"", b"1\r\na\r\n"),
    "chunk extensions": (b"", b"1;a=b;c=d\r\na\r\n"),
    "an endless chunk extension": (b"1;", b"x" * 60),
    "trailers": (b"0\r\n", b"a: b\r\n"),
    "an endless trailer": (b"0\r\nx: ", b"a" * 60),
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the names of the headers: at once, or once the body is read."""
    if scope["path"] == "/read":
        while (await receive()).get("more_body"):
            pass
    names = b",".join(name for name, _ in scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(names))]})
    await send({"type": "http.response.body", "body": names})


@asynccontextmanager
async def connect() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    listener = process.listen("127.0.0.1", 0)
    async with http_server.serving(app, listener, base_url=""):
        address = urlsplit(process.address_of(listener))
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def status(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(60):
        return (await reader.readuntil(b"\r\n\r\n")).split()[1]


@pytest.mark.parametrize("path", [b"read", b"at-once"])
@pytest.mark.parametrize(("begin", "piece"), FRAMING.values(), ids=FRAMING)
async def test_framing_without_an_end(path: bytes, begin: bytes, piece: bytes) -> None:
    """Bytes beyond the limit take neither memory nor time, whether or not the request is answered already."""
    async with connect() as (reader, writer), heartbeat() as pulse:
        writer.write(HEAD % path + begin)
        for _ in range(32):
            writer.write(piece * (MEGABYTE // len(piece)))
            await writer.drain()
        assert await status(reader) == (b"400" if path == b"read" else b"200")
    assert pulse.grown < 32 * MEGABYTE
    assert pulse.longest < 0.25


async def test_lines_before_a_request() -> None:
    """Empty lines may come before a request, but not without an end."""
    async with connect() as (reader, writer):
        writer.write(b"\r\n" * (MAX_HEAD_BYTES // 2 + 1))
        assert await status(reader) == b"400"


@pytest.mark.parametrize("before", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"], ids=["first", "after another"])
@pytest.mark.parametrize("pieces", [1, 3])
async def test_the_limit_of_a_head(pieces: int, before: bytes) -> None:
    """A head has at most 64 KiB, whether it comes in one piece or in several."""
    begun = b"GET / HTTP/1.1\r\nHost: a\r\nX: "
    for more, expected in ((0, b"200"), (1, b"400")):
        head = begun + b"x" * (MAX_HEAD_BYTES + more - len(begun) - 2) + b"\r\n"
        async with connect() as (reader, writer):
            sent = before + head + b"\r\n"
            size = len(sent) // pieces + 1
            for start in range(0, len(sent), size):
                writer.write(sent[start : start + size])
                await asyncio.sleep(0.1 if pieces > 1 else 0)
            if before:
                assert await status(reader) == b"200"
                await reader.readexactly(len(b"host"))
            assert await status(reader) == expected
            if expected == b"400":
                assert b"The head of the request exceeds 65536 bytes." in await asyncio.wait_for(reader.read(), 60)


@pytest.mark.parametrize(("size", "end", "expected"), [(-20, b"0\r\n\r\n", b"200"), (1, b"", b"400")])
async def test_the_limit_of_chunks(size: int, end: bytes, expected: bytes) -> None:
    """A body in chunks is read up to the limit, and refused before its end once it is longer."""
    async with connect() as (reader, writer):
        begun = HEAD % b"read" + b"1\r\na\r\n" * 1000
        writer.write(begun + b"3;".ljust(MAX_CHUNKED_BYTES + size - len(begun) - 7, b"x") + b"\r\nabc\r\n" + end)
        assert await status(reader) == expected


async def test_a_long_body_of_known_length() -> None:
    """A body without chunks costs nothing but its bytes. Its connection serves the next request."""
    async with connect() as (reader, writer):
        for _ in range(2):
            writer.write(b"POST /at-once HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % MEGABYTE)
            writer.write(bytes(MEGABYTE))
            assert await status(reader) == b"200"
            await reader.readexactly(len(b"host,content-length"))


async def test_trailers_are_no_headers() -> None:
    """A trailer cannot name the client's address, or anything else that a proxy checks in headers."""
    async with connect() as (reader, writer):
        writer.write(HEAD % b"read" + b"0\r\nX-Forwarded-For: 192.0.2.1\r\nAuthorization: x\r\n\r\n")
        assert await status(reader) == b"200"
        assert await reader.read(100) == b"host,transfer-encoding"


GET = b"GET /read HTTP/1.1\r\nHost: a\r\n\r\n"
TOO_MANY = f"At most {MAX_PIPELINED} requests of a connection may wait".encode()
MALFORMED = b"Invalid HTTP request received."


@pytest.mark.parametrize(
    ("sent", "answered", "says"),
    [
        (GET * (MAX_PIPELINED + 1), MAX_PIPELINED + 1, b""),
        (GET * 5000, MAX_PIPELINED + 1, TOO_MANY),
        (GET * 3 + b"GET / HTTP/9\r\n\r\n", 3, MALFORMED),
        (GET * 3 + HEAD % b"read" + b"x\r\n", 3, MALFORMED),
        (GET * 3 + b"GET http://a:b:c/ HTTP/1.1\r\nHost: a\r\n\r\n", 3, MALFORMED),
        (GET + b"GET http://a:b:c/ HTTP/1.1\r\nHost: a\r\n\r\n" + GET, 1, MALFORMED),
        (b"GET http://a:b:c/ HTTP/1.1\r\nHost: a\r\n\r\n", 0, MALFORMED),
        (HEAD % b"read" + b"x\r\n", 0, MALFORMED),
        (b"GET / HTTP/9\r\n\r\n", 0, MALFORMED),
    ],
    ids=[
        *("as many as may wait", "too many", "then a wrong version", "then a wrong chunk"),
        *("then a wrong URL", "a wrong URL between", "a wrong URL", "a wrong chunk", "wrong"),
    ],
)
async def test_requests_that_wait(sent: bytes, answered: int, says: bytes) -> None:
    """The requests before one that is refused are answered first. The refusal comes last and gives its reason."""
    async with connect() as (reader, writer):
        writer.write(sent)
        for _ in range(answered):
            assert await status(reader) == b"200"
            await reader.readexactly(len(b"host"))
        if says:
            assert await status(reader) == b"400"
            assert says in await asyncio.wait_for(reader.read(), 10)
