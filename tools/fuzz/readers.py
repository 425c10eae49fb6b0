"""The readers of foreign bytes. Each takes any bytes and raises nothing but the errors of its contract.

`request_readers` has those of what clients send.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.catalog.loading.loader import read_file
from linkskipper.egress import BadUrl, CookieJar, Response, content_type_of, parse_url, read_url
from linkskipper.egress.body import BoundedBody
from linkskipper.egress.connect import GuardedResolver
from linkskipper.egress.har.files import read_har
from linkskipper.egress.http1.connection import HttpConnection
from linkskipper.egress.http1.head import Framing, Head, parse_head, split_head
from linkskipper.egress.policy import Policy
from linkskipper.egress.proxy.heads import read_request, read_response
from linkskipper.errors import EgressError, HarError
from linkskipper.metrics import add_counts
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.forms.replies import check_reply, pick, read_json
from linkskipper.resolver.forms.submission import find_form, submit_by_click, submit_by_xhr
from linkskipper.resolver.pages.moves import page_moves
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.redirects import links, read_refresh, redirects
from linkskipper.resolver.pages.script_moves import read_script
from linkskipper.resolver.pages.scripts import number, variable
from linkskipper.resolver.pages.stop_rules import check_page, check_status, dead_end
from linkskipper.resolver.reader.messages import Answer
from linkskipper.resolver.urls.decode import decode
from linkskipper.resolver.urls.target import read_target
from linkskipper.service.worker_messages import read_report
from linkskipper.webhooks.verification import read_signatures
from tools.fuzz import request_readers

URL = parse_url("https://go.example/a")
LIMIT = 64 * 1024
MAX_SECONDS = 1.0  # for one input
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the example of the standard
_loop = asyncio.new_event_loop()


def _response(data: bytes, media_type: str = "text/html", headers: CIMultiDict[str] | None = None) -> Response:
    return Response(URL, 200, CIMultiDictProxy(headers or CIMultiDict()), data, media_type, None)


def _run(work: Coroutine[Any, Any, object]) -> None:
    with suppress(EgressError):
        _loop.run_until_complete(work)


def html(data: bytes) -> None:
    """Read a page as the resolver does."""
    page = Page(_response(data))
    with suppress(Stop):
        page_moves(page, lambda _: False)
        tuple(links(page, "a", "href"))
        dead_end(page)
        check_page(page)


def charsets(data: bytes) -> None:
    """Decode a page. The first line is its Content-Type. Its queries can be encoded in what was found."""
    field, _, body = data.partition(b"\n")
    headers = CIMultiDictProxy(CIMultiDict({"Content-Type": field.decode("utf-8", "surrogateescape")}))
    media_type, charset = content_type_of(headers)
    for kind in (media_type, "application/xhtml+xml"):
        response = Response(URL, 200, headers, body, kind, charset)
        output = response.encoding().for_output()
        output.encode(response.text())
        output.encode_query(response.text())


def urls(data: bytes) -> None:
    """Read a URL of a page, and one that is embedded in a URL. A second reading gives the same URL."""
    text = data.decode("utf-8", "surrogateescape")
    decode(text, ("uri", "base64", "base64url"))
    decode(text, ("hex", "reverse", "proofpoint3"))
    with suppress(BadUrl):
        target = read_target(text, URL)
        if target is not None and target.url is not None:
            request_readers.check_equal(read_url(target.url.href), target.url)
            request_readers.check_equal(read_url(target.as_written).href, target.url.href)


def xml(data: bytes) -> None:
    """Read a page that browsers parse as XML. The first byte chooses its type."""
    kinds = ("application/xhtml+xml", "image/svg+xml", "text/xml", "application/rss+xml")
    page = Page(_response(data[1:], kinds[data[0] % len(kinds)] if data else kinds[0]))
    with suppress(Stop):
        page_moves(page, lambda _: True)
        check_page(page)
        check_status(page)


def scripts(data: bytes) -> None:
    """Read a script for moves and variables."""
    text = data.decode("utf-8", "replace")
    read_script(text)
    variable([text], "url")
    number([text], "seconds")


def forms(data: bytes) -> None:
    """Read a form, and fill it as a click and as a script do."""
    page = Page(_response(data))
    with suppress(Stop):
        form = find_form(page, "form, button, input", waited=True)
        if form is not None:
            submit_by_click(form, page)
            submit_by_xhr(form, page)


def cookies(data: bytes) -> None:
    """Store cookies and send them back."""
    jar = CookieJar()
    jar.store(URL, data.decode("utf-8", "surrogateescape").split("\n"))
    jar.header(URL)


def refresh(data: bytes) -> None:
    """Read the headers that lead to the next URL."""
    text = data.decode("utf-8", "surrogateescape").replace("\n", " ")
    read_refresh(text)
    headers = CIMultiDict({"Location": text, "Refresh": text})
    with suppress(Stop):
        tuple(redirects(Page(_response(b"", headers=headers))))


def json(data: bytes) -> None:
    """Read a reply to a form, and find texts in it."""
    document = read_json(_response(data, "application/json"))
    pick(document, "data.urls[0].href")
    with suppress(Stop):
        check_reply(document, URL.host)


def bodies(data: bytes) -> None:
    """Decode a compressed body. The first byte chooses the coding."""
    codings = ("gzip", "deflate", "br", "zstd", "identity", "gzip, br")
    with suppress(EgressError):
        body = BoundedBody(codings[data[0] % len(codings)] if data else "", raw_limit=LIMIT, limit=LIMIT)
        for begin in range(1, len(data), 100):
            body.feed(data[begin : begin + 100])


def heads(data: bytes) -> None:
    """Read the head of a response."""
    with suppress(EgressError):
        head = split_head(bytearray(data))
        if head is not None:
            parse_head(head, method="GET", limit=LIMIT)


def chunks(data: bytes) -> None:
    """Read a chunked body."""

    async def read() -> None:
        connection = HttpConnection()
        connection.data_received(data)
        connection.eof_received()
        head = Head("HTTP/1.1", 200, CIMultiDictProxy(CIMultiDict[str]()), Framing.CHUNKED, 0, keep_alive=True)
        async for _ in connection.body(head):
            pass

    _run(read())


def proxy_requests(data: bytes) -> None:
    """Read a request to the browser's proxy."""
    _run(read_request(_stream(data)))


def proxy_responses(data: bytes) -> None:
    """Read a response in the browser's proxy."""
    _run(read_response(_stream(data), "GET"))


def _stream(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(loop=_loop)
    reader.feed_data(data)
    reader.feed_eof()
    return reader


def toml(data: bytes) -> None:
    """Read a provider file."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "short.toml")
        file.write_bytes(data)
        read_file(file)


def har(data: bytes) -> None:
    """Read a recording."""
    with TemporaryDirectory() as folder, suppress(HarError):
        file = Path(folder, "short.har")
        file.write_bytes(data)
        read_har(file)


def reader_answers(data: bytes) -> None:
    """Read the answer of a process that reads pages, which a page may have taken over."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, Stop):
        msgspec.msgpack.decode(data, type=Answer).result_of(page_moves)


def worker_reports(data: bytes) -> None:
    """Read the report of a worker process, and count what it counted."""
    with suppress(LookupError, ValueError, msgspec.MsgspecError):
        add_counts(read_report(data).counts)


def webhook_headers(data: bytes) -> None:
    """Read the signatures that somebody pastes into the verifier, and check them."""
    headers, _, body = data.decode("utf-8", "replace").partition("\n\n")
    for signature in read_signatures(headers):
        signature.is_made_with([SECRET], body.encode())


class _NameServer(asyncio.DatagramProtocol):
    def __init__(self, reply: bytes) -> None:
        self._reply = reply

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        # The identifier and the question are right. All other bytes are foreign.
        self._transport.sendto(data[:2] + self._reply[:10] + data[12:] + self._reply[10:], addr)


def dns(data: bytes) -> None:
    """Read the answer of a name server."""

    async def ask() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _NameServer(data), ("127.0.0.1", 0))
        resolver = GuardedResolver(Policy(), [f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"], 0.05)
        try:
            await resolver.resolve("go.example", 443)
        finally:
            await resolver.close()
            transport.close()

    _run(ask())


READERS: dict[str, Callable[[bytes], None]] = {
    reader.__name__: reader
    for reader in (
        *(html, charsets, urls, scripts, forms, cookies, refresh, json, bodies, heads, chunks),
        *(proxy_requests, proxy_responses, toml, har, dns, reader_answers),
        *(xml, worker_reports, webhook_headers),
        *(request_readers.requests, request_readers.resolve_requests, request_readers.submitted_links),
        *(request_readers.pasted_texts, request_readers.shortcut_files),
    )
}
