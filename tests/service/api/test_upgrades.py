"""Requests that ask for another protocol, which a proxy may pass on: the service ignores the wish, not the body."""

import asyncio
import json
import re
from urllib.parse import urlsplit

import pytest

from support.service import Service

pytestmark = pytest.mark.attack

WISHES = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\n",
    "Connection: keep-alive, upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    "upgrade: x\r\nconnection: UPGRADE\r\nUpgrade: y\r\n",
)
SMUGGLED = "GET /v1/nowhere HTTP/1.1\r\nHost: a\r\n\r\n"


LAST = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


async def send(service: Service, *pieces: str, last: str = LAST) -> list[int]:
    """Send pieces one after the other, and then a last request. Return the statuses of all responses."""
    address = urlsplit(service.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    for piece in (*pieces, last):
        writer.write(piece.encode())
        await writer.drain()
        await asyncio.sleep(0)  # pieces may arrive together or apart: both must end in the same way
    async with asyncio.timeout(30):
        answer = await reader.read()
    writer.close()
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", answer)]


def requests_with(wish: str, key: str, body: str) -> list[str]:
    """Return the head of a request with a body of known length, and one with a chunked body."""
    head = f"POST /v1/resolve HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n{wish}"
    chunk = f"{len(body):x}\r\n{body}\r\n0\r\n\r\n"
    return [
        f"{head}Content-Length: {len(body)}\r\n\r\n\0{body}",
        f"{head}Transfer-Encoding: chunked\r\n\r\n\0{chunk}",
    ]


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("is_split", [False, True])
async def test_the_body_belongs_to_its_request(service: Service, wish: str, *, is_split: bool) -> None:
    """A body is read as one, whole or in pieces. No request can be hidden in it."""
    caller = await service.caller()
    for body, status in ((json.dumps({"url": "https://x.test/"}), 422), (SMUGGLED, 400)):
        for request in requests_with(wish, caller.key, body):
            pieces = request.split("\0")
            assert await send(service, *(pieces if is_split else ["".join(pieces)])) == [status, 200]


@pytest.mark.parametrize("wish", WISHES)
async def test_the_next_request_is_answered(service: Service, wish: str) -> None:
    """Requests that arrive together with such requests are answered in turn."""
    asking = f"GET /healthz HTTP/1.1\r\nHost: a\r\n{wish}\r\n"
    assert await send(service, asking * 3 + SMUGGLED + asking) == [200, 200, 200, 404, 200, 200]


@pytest.mark.parametrize("cut", range(10, 150, 20))
async def test_a_head_in_two_pieces(service: Service, cut: int) -> None:
    """It does not matter where the head was cut."""
    asking = f"POST /v1/resolve HTTP/1.1\r\nHost: a\r\n{WISHES[1]}Content-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}"
    assert await send(service, asking[:cut], asking[cut:]) == [401, 200]


@pytest.mark.parametrize("target", ["a:443", "http://a/healthz", "/healthz", "*"])
async def test_connect(service: Service, target: str) -> None:
    """A tunnel is refused, and nothing that follows is read."""
    head = f"CONNECT {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n"
    assert await send(service, last=head + SMUGGLED + LAST) == [400]


async def test_many_at_once(service: Service) -> None:
    """As many may wait as of other requests."""
    asking = f"GET /healthz HTTP/1.1\r\nHost: a\r\n{WISHES[0]}\r\n"
    assert await send(service, asking * 90) == [200] * 91
