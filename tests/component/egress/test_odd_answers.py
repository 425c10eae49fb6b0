"""Responses that servers really send, whole and broken: what is read, and whether the connection is used again."""

import asyncio
import contextlib
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkskipper.egress import Client, HeadersTooLarge, Policy, Unreachable, parse_url
from support.clients import Clients
from support.wire import Wire

KEPT, CLOSED = True, False
TEXT = b"Content-Type: text/plain\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + TEXT


@dataclass(frozen=True)
class Read:
    """The status and the body that are read from a response, and whether its connection is kept."""

    status: int = 200
    body: bytes = b"ok"
    is_kept: bool = KEPT


WHOLE = {
    "a length": (OK + b"Content-Length: 2\r\n\r\nok", Read()),
    "a length of nothing": (OK + b"Content-Length: 0\r\n\r\n", Read(body=b"")),
    "a length with leading zeros": (OK + b"Content-Length: 0002\r\n\r\nok", Read()),
    "white space round the length": (OK + b"Content-Length: \t 2 \t\r\n\r\nok", Read()),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", Read()),
    "chunks with upper-case sizes": (
        OK + b"Transfer-Encoding: CHUNKED\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
        Read(body=b"0123456789"),
    ),
    "chunks with extensions": (
        OK + b'Transfer-Encoding: chunked\r\n\r\n2;name="value"\r\nok\r\n0;last\r\n\r\n',
        Read(),
    ),
    "chunks with a trailer": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n",
        Read(),
    ),
    "chunk sizes with spaces": (OK + b"Transfer-Encoding: chunked\r\n\r\n2  \r\nok\r\n0\r\n\r\n", Read()),
    "chunk sizes with leading zeros": (OK + b"Transfer-Encoding: chunked\r\n\r\n0002\r\nok\r\n000\r\n\r\n", Read()),
    "204 with a length": (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", Read(204, b"")),
    "304 with a length": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", Read(304, b"")),
    "no reason": (b"HTTP/1.1 200\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read()),
    "an empty reason": (b"HTTP/1.1 200 \r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read()),
    "a reason in raw bytes": (b"HTTP/1.1 200 \xe4\xff\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read()),
    "an unknown status": (b"HTTP/1.1 799 Odd\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read(799)),
    "status 999": (b"HTTP/1.1 999 Request denied\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read(999)),
    "an interim answer first": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", Read()),
    "early hints first": (
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
        + OK
        + b"Content-Length: 2\r\n\r\nok",
        Read(),
    ),
    "empty lines first": (b"\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", Read()),
    "empty values": (OK + b"X-Empty:\r\nX-Blank:   \r\nContent-Length: 2\r\n\r\nok", Read()),
    "values without a space": (OK + b"X-Tight:x\r\nContent-Length:2\r\n\r\nok", Read()),
    "raw bytes in values": (OK + b"X-Raw: \xff\xfe\x80\r\nContent-Length: 2\r\n\r\nok", Read()),
    "names in every case": (OK + b"cOnTeNt-LeNgTh: 2\r\n\r\nok", Read()),
    "the server closes": (OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok", Read(is_kept=CLOSED)),
    "the server closes, among options": (
        OK + b"Connection: Foo, Close\r\nContent-Length: 2\r\n\r\nok",
        Read(is_kept=CLOSED),
    ),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read(is_kept=CLOSED)),
    "HTTP/1.0 that is kept": (
        b"HTTP/1.0 200 OK\r\n" + TEXT + b"Connection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
        Read(),
    ),
    "HTTP/1.9": (b"HTTP/1.9 200 OK\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read()),
    # The RFC forbids these, and browsers accept them. They are read, and the connection is not used again.
    "length and chunks": (
        OK + b"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        Read(is_kept=CLOSED),
    ),
    "chunks and length": (
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        Read(is_kept=CLOSED),
    ),
    "the same length twice": (OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", Read(is_kept=CLOSED)),
    "the same length in a list": (OK + b"Content-Length: 2, 2\r\n\r\nok", Read(is_kept=CLOSED)),
    "a line without a colon": (
        OK + b"PHP Warning in x.php on line 3\r\nContent-Length: 2\r\n\r\nok",
        Read(is_kept=CLOSED),
    ),
    "a line whose name is not a token": (
        OK + b"<b>Warning</b>: headers in x.php\r\nContent-Length: 2\r\n\r\nok",
        Read(is_kept=CLOSED),
    ),
    "a line with an empty name": (OK + b": value\r\nContent-Length: 2\r\n\r\nok", Read(is_kept=CLOSED)),
    "a space before the colon": (OK + b"Content-Length : 2\r\n\r\nok", Read(is_kept=CLOSED)),
    "a tab before the colon": (OK + b"Content-Length\t: 2\r\n\r\nok", Read(is_kept=CLOSED)),
    "a folded line": (OK + b"X-Folded: a\r\n  b\r\nContent-Length: 2\r\n\r\nok", Read(is_kept=CLOSED)),
    "a folded line first": (
        b"HTTP/1.1 200 OK\r\n folded\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok",
        Read(is_kept=CLOSED),
    ),
    "bare line feeds": (
        b"HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 2\n\nok",
        Read(is_kept=CLOSED),
    ),
    "mixed line ends": (
        b"HTTP/1.1 200 OK\nContent-Type: text/plain\r\nContent-Length: 2\r\n\nok",
        Read(is_kept=CLOSED),
    ),
    "lines that end with a carriage return": (OK + b"A: b\rContent-Length: 2\r\n\r\nok", Read(is_kept=CLOSED)),
    "two carriage returns": (OK + b"Content-Length: 2\r\r\n\r\nok", Read(is_kept=CLOSED)),
    "HTTP/2.0": (b"HTTP/2.0 200 OK\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read(is_kept=CLOSED)),
    "half a version": (b"HTTP/1 200 OK\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read(is_kept=CLOSED)),
    "no status": (b"HTTP/1.1\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read()),
    "a reason for a status": (b"HTTP/1.1 OK\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read()),
    "a reason without a space": (b"HTTP/1.1 404Not Found\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read(404)),
    "status 0": (b"HTTP/1.1 000 Odd\r\n" + TEXT + b"Content-Length: 2\r\n\r\nok", Read(0)),
    "switched protocols first": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok",
        Read(),
    ),
    "bytes after the body": (OK + b"Content-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n", Read(is_kept=CLOSED)),
    "bytes after the last chunk": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore",
        Read(is_kept=CLOSED),
    ),
}

ENDED_BY_CLOSING = {
    "no length": (OK + b"\r\nok", Read(is_kept=CLOSED)),
    "no length over HTTP/1.0": (b"HTTP/1.0 200 OK\r\n" + TEXT + b"\r\nok", Read(is_kept=CLOSED)),
    "an unknown transfer coding": (OK + b"Transfer-Encoding: rot13\r\n\r\nok", Read(is_kept=CLOSED)),
    "identity": (OK + b"Transfer-Encoding: identity\r\n\r\nok", Read(is_kept=CLOSED)),
    "chunked, but not last": (OK + b"Transfer-Encoding: chunked, gzip\r\n\r\nok", Read(is_kept=CLOSED)),
    "nothing at all": (OK + b"\r\n", Read(body=b"", is_kept=CLOSED)),
    "a negative length": (OK + b"Content-Length: -2\r\n\r\nok", Read(is_kept=CLOSED)),
    "a signed length": (OK + b"Content-Length: +2\r\n\r\nok", Read(is_kept=CLOSED)),
    "a length in hexadecimal": (OK + b"Content-Length: 0x2\r\n\r\nok", Read(is_kept=CLOSED)),
    "a length with a fraction": (OK + b"Content-Length: 2.0\r\n\r\nok", Read(is_kept=CLOSED)),
    "a length in quotes": (OK + b'Content-Length: "2"\r\n\r\nok', Read(is_kept=CLOSED)),
    "a length in other digits": (OK + "Content-Length: ٢\r\n\r\nok".encode(), Read(is_kept=CLOSED)),
    "a length of many digits": (OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nok", Read(is_kept=CLOSED)),
    "an empty length": (OK + b"Content-Length:\r\n\r\nok", Read(is_kept=CLOSED)),
    "a redirect without the end of its head": (OK + b"Location: /x\r\n", Read(body=b"", is_kept=CLOSED)),
    "and another field": (OK + b"LOCATION : /x\r\nX-Y: z\r\n", Read(body=b"", is_kept=CLOSED)),
    "a name of the protocol in lower case": (b"http/1.1 200 OK\r\n" + TEXT + b"\r\nok", Read(is_kept=CLOSED)),
    "an empty line that is not": (OK + b" \r\n\r\nok", Read(is_kept=CLOSED)),
}

BROKEN = {
    "a head without its end": OK,
    "a cut field after the redirect": OK + b"Location: /x\r\nX-Y: z",
    "an empty redirect without the end": OK + b"Location:\r\n",
    "different lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
    "different lengths in a list": OK + b"Content-Length: 2, 3\r\n\r\nokk",
    "a byte of zero in a value": OK + b"X: a\0b\r\nContent-Length: 2\r\n\r\nok",
    "a byte of zero in a name": OK + b"X\0: b\r\nContent-Length: 2\r\n\r\nok",
    "a byte of zero in the status line": b"HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nok",
    "a status of two digits after two spaces": b"HTTP/1.1  20 OK\r\nContent-Length: 2\r\n\r\nok",
    "a status of four digits after two spaces": b"HTTP/1.1  4040 OK\r\nContent-Length: 2\r\n\r\nok",
    "a body cut short": OK + b"Content-Length: 5\r\n\r\nok",
    "chunks cut short": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nok",
    "chunks without their end": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
    "a chunk without a size": OK + b"Transfer-Encoding: chunked\r\n\r\n\r\nok\r\n0\r\n\r\n",
    "a chunk with a negative size": OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
    "a chunk with a size of many digits": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\nok",
    "a chunk with an underscore": OK + b"Transfer-Encoding: chunked\r\n\r\n1_0\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n",
    "a chunk longer than its size": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nok\r\n0\r\n\r\n",
    "a chunk size line without an end": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 100_000,
    "a head cut short": b"HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/0.9": b"<html>ok</html>",
    "an HTTP/2 frame": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\r\n\r\n",
    "a version without a number": b"HTTP 200 OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "switched protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "interim answers without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    "only interim answers": b"HTTP/1.1 100 Continue\r\n\r\n",
    "a TLS alert": b"\x15\x03\x01\x00\x02\x02\x50",
    "SMTP": b"220 mail.example ESMTP\r\n",
}


PARTS = [
    *(OK, b"HTTP/1.1 302 X\r\n", b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n", b"Location: /x\r\n"),
    *(b"\r\n", b"\n", b"ok", b" x", b"2\r\nok\r\n", b"0\r\n\r\n", b"X: ", b"\xff", b":", b"\0"),
]


async def open_client(clients: Clients, wire: Wire) -> Client:
    return await clients.make(allow=[f"127.0.0.1:{wire.port}"])


@pytest.mark.parametrize(("reply", "read"), WHOLE.values(), ids=WHOLE)
async def test_it_is_read(clients: Clients, wire: Wire, reply: bytes, read: Read) -> None:
    """The response is read as browsers read it. A connection with an irregular response is not used again."""
    wire.reply = reply
    client = await open_client(clients, wire)
    for _ in range(2):
        response = await client.fetch(parse_url(f"http://127.0.0.1:{wire.port}/"))
        assert (response.status, response.body) == (read.status, read.body)
    assert wire.connections == (1 if read.is_kept else 2)


@pytest.mark.parametrize(("reply", "read"), ENDED_BY_CLOSING.values(), ids=ENDED_BY_CLOSING)
async def test_it_is_read_until_the_end(clients: Clients, wire: Wire, reply: bytes, read: Read) -> None:
    """Without a usable length, the end of the connection is the end of the body."""

    async def send(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)

    wire.script = send
    client = await open_client(clients, wire)
    response = await client.fetch(parse_url(f"http://127.0.0.1:{wire.port}/"))
    assert (response.status, response.body) == (read.status, read.body)


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
async def test_it_is_refused(clients: Clients, wire: Wire, reply: bytes) -> None:
    """Bytes that cannot be read as one response are an error at once. The next request is answered."""

    async def send(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)

    wire.script = send
    client = await open_client(clients, wire)
    with pytest.raises(Unreachable):
        await client.fetch(parse_url(f"http://127.0.0.1:{wire.port}/"))
    wire.script, wire.reply = None, OK + b"Content-Length: 2\r\n\r\nok"
    assert (await client.fetch(parse_url(f"http://127.0.0.1:{wire.port}/"))).body == b"ok"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_it_comes_in_pieces(clients: Clients, wire: Wire, size: int) -> None:
    """It makes no difference where the pieces of a response end."""
    reply = b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n"

    async def send(_: bytes, writer: asyncio.StreamWriter) -> None:
        for begin in range(0, len(reply), size):
            writer.write(reply[begin : begin + size])
            await asyncio.sleep(0)

    wire.script = send
    client = await open_client(clients, wire)
    assert (await client.fetch(parse_url(f"http://127.0.0.1:{wire.port}/"))).body == b"ok"


async def test_a_folded_value_is_joined(clients: Clients, wire: Wire) -> None:
    """A folded line continues the value before it (RFC 9112, section 5.2)."""
    wire.reply = OK + b"Location: /a\r\n\tb\r\n c\r\nContent-Length: 2\r\n\r\nok"
    client = await open_client(clients, wire)
    assert (await client.fetch(parse_url(f"http://127.0.0.1:{wire.port}/"))).locations() == ["/a b c"]


async def test_a_stale_connection_is_replaced(clients: Clients) -> None:
    """A kept connection that the server closes at the next request is replaced once, if the request has no body."""
    seen = 0

    async def close_the_second(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        writer.write(OK + b"Content-Length: 2\r\n\r\nok")

    server = await asyncio.start_server(lambda r, w: serve_one(r, w, close_the_second), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = await clients.make(allow=[f"127.0.0.1:{port}"])
    for _ in range(5):
        assert (await client.fetch(parse_url(f"http://127.0.0.1:{port}/"))).body == b"ok"
    assert seen == 5
    server.close()


async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, script: object) -> None:
    """Answer one request, read the next one, and close without an answer to it."""
    assert callable(script)
    await reader.readuntil(b"\r\n\r\n")
    await script(b"", writer)
    await writer.drain()
    await reader.read(1)
    writer.close()


async def test_headers_hold_no_line_breaks(clients: Clients, wire: Wire) -> None:
    """A header that would begin another request is never sent."""
    client = await open_client(clients, wire)
    url = parse_url(f"http://127.0.0.1:{wire.port}/")
    for headers in ({"Referer": "x\r\nX-Evil: 1"}, {"X\nY": "1"}, {"Cookie": "a=\0"}):
        with pytest.raises(ValueError, match="line break"):
            await client.fetch(url, headers=headers)
    assert wire.requests == []


@settings(max_examples=60, deadline=None)
@given(reply=st.lists(st.sampled_from(PARTS), max_size=9).map(b"".join))
def test_whatever_comes(reply: bytes) -> None:
    """Any mixture of parts of responses ends as a response or as one of the errors of egress."""

    async def main() -> None:
        wire = Wire()

        async def send(_: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(reply)

        wire.script = send
        server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        policy = Policy.parse(ports=["80"], allow=[f"127.0.0.1:{port}"], host_map=[], extra_ca=None)
        async with Client(policy, user_agent="Test/1") as client:
            with contextlib.suppress(Unreachable, HeadersTooLarge):
                await client.fetch(parse_url(f"http://127.0.0.1:{port}/"), timeout=5)
        server.close()

    asyncio.run(main())


@pytest.mark.parametrize("count", [128, 129])
async def test_the_number_of_fields(clients: Clients, wire: Wire, count: int) -> None:
    """A response may have as many fields as the limit. One more field is refused."""
    wire.reply = (
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(count - 1)) + b"Content-Length: 0\r\n\r\n"
    )
    client = await open_client(clients, wire)
    url = parse_url(f"http://127.0.0.1:{wire.port}/")
    if count == 128:
        assert (await client.fetch(url)).status == 200
    else:
        with pytest.raises(HeadersTooLarge):
            await client.fetch(url)
