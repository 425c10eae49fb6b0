"""The lab's broken links as seen on the socket."""

import asyncio
import zlib

import pytest

from support.raw_http import RawBrowser

BOTH = pytest.mark.parametrize("scheme", ["http", "https"])


@BOTH
async def test_reset(browser: RawBrowser, scheme: str) -> None:
    """The connection is reset before the first byte of the response, over TLS too."""
    with pytest.raises(ConnectionResetError):
        await browser.raw(f"{scheme}://broken.lab.test/reset")


async def test_reset_midway(browser: RawBrowser) -> None:
    """The connection is reset after part of the page."""
    reader, writer = await browser.connect("http", "broken.lab.test")
    writer.write(b"GET /reset-midway HTTP/1.1\r\nHost: broken.lab.test\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read(-1)
    writer.close()


@BOTH
async def test_hang_up(browser: RawBrowser, scheme: str) -> None:
    """The connection is closed without a response."""
    assert await browser.raw(f"{scheme}://broken.lab.test/hang-up") == b""


async def test_cut_short(browser: RawBrowser) -> None:
    """The response ends before the bytes that Content-Length announces."""
    answer = await browser.get("http://broken.lab.test/cut-short")
    assert answer.all(b"Content-Length") == [b"1000"]
    assert 0 < len(answer.body) < 1000


async def test_gibberish(browser: RawBrowser) -> None:
    """The response is not HTTP."""
    assert not (await browser.raw("http://broken.lab.test/gibberish")).startswith(b"HTTP/")


@pytest.mark.parametrize(("status", "retry_after"), [(503, []), (429, [b"1"])])
async def test_failing_once(browser: RawBrowser, status: int, retry_after: list[bytes]) -> None:
    """Each link fails for the first request, redirects for the second, and fails again for the third."""
    url = f"http://broken.lab.test/{status}-once/mine"
    first, second, third = [await browser.get(url) for _ in range(3)]
    assert (first.status, first.all(b"Retry-After")) == (status, retry_after)
    assert second.location == b"https://example.com/recovered"
    assert third.status == status
    assert (await browser.get(f"{url}-too")).status == status


async def test_lasting_failures(browser: RawBrowser) -> None:
    """Some links fail every time, one of them with Retry-After."""
    broken = [await browser.get("http://broken.lab.test/500") for _ in range(2)]
    busy = await browser.get("http://broken.lab.test/429")
    assert [answer.status for answer in broken] == [500, 500]
    assert (busy.status, busy.all(b"Retry-After")) == (429, [b"3600"])


async def _first_bytes(browser: RawBrowser, path: str, amount: int) -> bytes:
    reader, writer = await browser.connect("http", "broken.lab.test")
    writer.write(f"GET {path} HTTP/1.1\r\nHost: broken.lab.test\r\n\r\n".encode())
    try:
        await reader.readuntil(b"\r\n\r\n")
        return await reader.readexactly(amount)
    finally:
        writer.close()


async def test_endless_body(browser: RawBrowser) -> None:
    """The body exceeds every sensible limit."""
    assert (await _first_bytes(browser, "/endless", 8 << 20)).startswith(b"<p>And so on")


async def test_bomb(browser: RawBrowser) -> None:
    """A few kilobytes decompress to more than a hundred times their size, and do not end."""
    packed = await _first_bytes(browser, "/bomb", 8 << 10)
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    assert len(unpacker.decompress(packed)) > 100 * len(packed)
    assert not unpacker.eof


async def test_drip(browser: RawBrowser) -> None:
    """The body arrives at one byte per second."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    assert await _first_bytes(browser, "/drip", 2) == b"  "
    assert loop.time() - started >= 0.9


async def test_flood_of_headers(browser: RawBrowser) -> None:
    """The headers have a megabyte in total, and each is small."""
    answer = await browser.get("http://broken.lab.test/headers")
    assert sum(len(name) + len(value) for name, value in answer.headers) > 1_000_000
    assert max(len(value) for _, value in answer.headers) == 1000


async def test_not_html(browser: RawBrowser) -> None:
    """A binary file has its own content type."""
    answer = await browser.get("http://broken.lab.test/not-html")
    assert (answer.all(b"Content-Type"), answer.body) == ([b"application/octet-stream"], bytes(range(256)))
