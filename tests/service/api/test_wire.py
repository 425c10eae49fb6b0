"""Input that is not HTTP, and input that never becomes a whole request."""

import asyncio
import gc
import json
from urllib.parse import urlsplit

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from linkskipper.api import http_protocol
from linkskipper.api.responses import ApiResponse, send_response
from linkskipper.service import http_server, process
from support.service import Service

BROKEN = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nA B\r\n\r\n",
)
UNFINISHED = (
    b"",
    b"POST /v1/resolve HTTP/1.1\r\nHost: a\r\nX-",
    b"POST /v1/resolve HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /heal",
)


async def exchange(service: Service, sent: bytes) -> bytes:
    """Send bytes, and read until the service closes the connection."""
    address = urlsplit(service.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(sent)
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("sent", BROKEN)
async def test_what_is_no_http_gets_a_problem_document(service: Service, sent: bytes) -> None:
    """TLS on the plain port, half a request line or an unknown version get a problem document and then the end."""
    head, _, body = (await exchange(service, sent)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"\r\ncontent-type: application/problem+json\r\n" in head
    assert b"\r\nx-request-id: " in head
    problem = json.loads(body)
    assert (problem["code"], problem["type"]) == ("invalid_request", f"{service.url}/errors#invalid_request")


async def test_an_answered_request_leaves_no_garbage(service: Service) -> None:
    """Requests are freed as soon as they are answered. Those that wait for the garbage collector cost a fifth more."""
    gc.collect()
    before = kept_requests()
    gc.disable()
    try:
        for path in ("/healthz", "/v1/account", "/v1/resolve") * 20:
            async with service.session.get(path) as response:
                await response.read()
        kept = kept_requests()
    finally:
        gc.enable()
    assert kept <= before + 2, "only the last request of each open connection is kept"


def kept_requests() -> int:
    return sum(isinstance(each, RequestResponseCycle) for each in gc.get_objects())


async def test_long_heads(service: Service) -> None:
    """A head of some 60 KiB is read. A head without an end is refused at its limit, in a header or in the target."""
    begun = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: "
    assert (await exchange(service, begun + b"x" * 60_000 + b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    for endless in (begun + b"x" * 66_000, b"GET /" + b"x" * 66_000):
        assert (await exchange(service, endless)).startswith(b"HTTP/1.1 400 ")


async def test_what_follows_an_answer_must_become_a_request(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single line end after a response keeps no connection open."""
    monkeypatch.setattr(http_protocol, "REQUEST_SECONDS", 0.3)
    address = urlsplit(service.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (await reader.readuntil(b"ok\n")).startswith(b"HTTP/1.1 200 ")
    writer.write(b"\r\n")
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("sent", UNFINISHED)
async def test_unfinished_requests_are_ended(service: Service, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """The service closes the connection of a client that sends nothing, or never a whole request."""
    monkeypatch.setattr(http_protocol, "REQUEST_SECONDS", 0.3)
    await exchange(service, sent)


async def test_whole_requests_may_be_answered_late(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit is that of the request, not of the response."""
    monkeypatch.setattr(http_protocol, "REQUEST_SECONDS", 0.1)
    caller = await service.caller()
    answer = await caller.resolve("https://slow.lab.test/1/late", wait=5)
    assert answer.status == 200


async def test_every_way_to_send_a_response_is_equal(service: Service) -> None:
    """A response has the same status, headers and body on a kept connection, on its last use, and in HTTP/1.0."""
    get = b"GET /v1/account HTTP/1.1\r\nHost: a\r\nX-Request-Id: same\r\n"
    kept, last = split_responses(await exchange(service, get + b"\r\n" + get + b"Connection: close\r\n\r\n"))
    (old,) = split_responses(await exchange(service, get.replace(b"1.1", b"1.0", 1) + b"\r\n"))
    (head,) = split_responses(await exchange(service, get.replace(b"GET", b"HEAD") + b"Connection: close\r\n\r\n"))
    assert kept[0] == last[0] == old[0] == head[0]
    assert b"x-request-id: same" in kept[0]
    assert kept[1] == last[1] == old[1] != b""
    assert head[1] == b""


async def test_pipelined_requests(service: Service) -> None:
    """Requests that arrive together are answered in their order."""
    paths = (b"/healthz", b"/v1/account", b"/nowhere", b"/healthz")
    sent = b"".join(b"GET %b HTTP/1.1\r\nHost: a\r\nX-Request-Id: %b\r\n\r\n" % (path, path) for path in paths)
    last = b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: last\r\nConnection: close\r\n\r\n"
    responses = split_responses(await exchange(service, sent + last))
    for path, (lines, _) in zip((*paths, b"last"), responses, strict=True):
        assert b"x-request-id: " + path in lines


async def test_a_line_break_in_a_header_is_never_sent() -> None:
    """A header with a line break ends the connection. It cannot add a header to the response."""
    response = ApiResponse(200, ((b"content-length", b"0"), (b"location", b"/\r\nset-cookie: a=b")), b"")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send_response(response, (), scope, receive, send)

    listener = process.listen("127.0.0.1", 0)
    async with http_server.serving(app, listener, base_url=""):
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(20):
            assert b"set-cookie" not in await reader.read()
        writer.close()


def split_responses(data: bytes) -> list[tuple[set[bytes], bytes]]:
    """Split responses with Content-Length into their lines, without date and connection, and their bodies."""
    responses = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        lines = {line for line in head.split(b"\r\n") if not line.startswith((b"date:", b"connection:"))}
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
        size = min(length, len(data))  # the last one may be to HEAD
        responses.append((lines, data[:size]))
        data = data[size:]
    return responses
