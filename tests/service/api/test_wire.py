"""What is no HTTP, and what never becomes a whole request."""

import asyncio
import json
from urllib.parse import urlsplit

import pytest

from linkskipper.api import http_protocol
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
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("sent", BROKEN)
async def test_what_is_no_http_gets_a_problem_document(service: Service, sent: bytes) -> None:
    """TLS on the plain port, half a request line, a version that is none: the envelope of all errors, and the end."""
    head, _, body = (await exchange(service, sent)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"\r\ncontent-type: application/problem+json\r\n" in head
    assert b"\r\nx-request-id: " in head
    problem = json.loads(body)
    assert (problem["code"], problem["type"]) == ("invalid_request", f"{service.url}/errors#invalid_request")


async def test_long_heads(service: Service) -> None:
    """A head of some 60 KiB is read; one without an end is refused at its limit, in a header or in the target."""
    begun = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: "
    assert (await exchange(service, begun + b"x" * 60_000 + b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    for endless in (begun + b"x" * 66_000, b"GET /" + b"x" * 66_000):
        assert (await exchange(service, endless)).startswith(b"HTTP/1.1 400 ")


async def test_what_follows_an_answer_must_become_a_request(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lone line end after an answer keeps no connection open."""
    monkeypatch.setattr(http_protocol, "REQUEST_SECONDS", 0.3)
    address = urlsplit(service.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (await reader.readuntil(b"ok\n")).startswith(b"HTTP/1.1 200 ")
    writer.write(b"\r\n")
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("sent", UNFINISHED)
async def test_unfinished_requests_are_ended(service: Service, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """A client that sends nothing, or a request that is never whole, keeps no connection for ever."""
    monkeypatch.setattr(http_protocol, "REQUEST_SECONDS", 0.3)
    await exchange(service, sent)


async def test_whole_requests_may_be_answered_late(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit is the request's, not the answer's."""
    monkeypatch.setattr(http_protocol, "REQUEST_SECONDS", 0.1)
    caller = await service.caller()
    answer = await caller.resolve("https://slow.lab.test/1/late", wait=5)
    assert answer.status == 200
