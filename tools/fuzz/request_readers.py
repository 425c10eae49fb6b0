"""The readers of what clients and people send. Each takes any bytes, and raises only the errors of its contract."""

import asyncio
import socket
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.server import ServerState

from linkskipper.accounts import tokens
from linkskipper.api.body import parse_resolve_request
from linkskipper.api.connections import OpenConnections, TrustedProxies
from linkskipper.api.http_protocol import StrictHttpProtocol
from linkskipper.api.routes.jobs import LIST_JOBS
from linkskipper.api.validation import parse_query
from linkskipper.catalog import Catalog
from linkskipper.cli.shortcut_files import shortcut_link
from linkskipper.dashboard.cookies import SessionCookie
from linkskipper.dashboard.errors import PageError
from linkskipper.dashboard.guards import Guards
from linkskipper.dashboard.pages.requests import RequestsQuery
from linkskipper.dashboard.query import read_form, read_query
from linkskipper.egress import client_network
from linkskipper.errors import InvalidRequest
from linkskipper.resolver.errors import Unsupported
from linkskipper.resolver.parse_link import find_link
from linkskipper.resolver.pasted_text import split_links

BASE_URL = "http://127.0.0.1:8080"
_catalog = Catalog.load()
_loop = asyncio.new_event_loop()


def check_equal(first: object, second: object) -> None:
    """Check that two readers agree.

    Raises:
        ValueError: They do not.
    """
    if first != second:
        raise ValueError(f"{first!r} is not {second!r}")


def submitted_links(data: bytes) -> None:
    """Find the link in a text. A worker that reads it again, with any catalog, gets the same one."""
    with suppress(Unsupported):
        url, _ = find_link(data.decode("utf-8", "replace"), _catalog, generic=True)
        again, _ = find_link(url.href, Catalog(()), generic=True, canonical=True)
        check_equal(again, url)


def pasted_texts(data: bytes) -> None:
    """Cut a text into its links. None of them is cut further, and a text with at most one stays whole."""
    text = data.decode("utf-8", "replace")
    links = split_links(text)
    if len(links) == 1:
        check_equal(links, [text])
        return
    for link in links[1:]:  # text without a URL may stand before the first one
        check_equal(split_links(link), [link])


def shortcut_files(data: bytes) -> None:
    """Read the link of a shortcut file."""
    shortcut_link(data, "utf-8-sig")


def resolve_requests(data: bytes) -> None:
    """Read the body of POST /v1/resolve."""
    header, _, body = data.partition(b"\n")
    with suppress(InvalidRequest):
        parse_resolve_request(body, header.decode("latin-1") or None)


def requests(data: bytes) -> None:
    """Read a request from a connection: head, body, query, form, cookies, and the address of the client."""
    _loop.run_until_complete(_exchange(data))


async def _exchange(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.settimeout(0)
        config = Config(_app, loop="none", lifespan="off", log_config=None, access_log=False)
        limits = OpenConnections(10, 10, TrustedProxies())
        state = ServerState()
        await _loop.connect_accepted_socket(
            lambda: StrictHttpProtocol(
                base_url=BASE_URL, open_connections=limits, config=config, server_state=state, app_state={}
            ),
            ours,
        )
        await _loop.sock_sendall(theirs, data)
        theirs.shutdown(socket.SHUT_WR)
        while state.connections or state.tasks:
            await asyncio.sleep(0)
            with suppress(BlockingIOError):
                theirs.recv(65536)


async def _read(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    client_network(scope["client"][0] if scope["client"] else "")
    tokens.well_formed(request.headers.get("authorization", ""))
    SessionCookie(BASE_URL).read(request)
    with suppress(InvalidRequest):
        parse_query(scope["query_string"], LIST_JOBS.query_type)
    with suppress(PageError):
        guards = Guards(BASE_URL, ())
        guards.check_host(request)
        guards.check_same_site(request)
    with suppress(PageError):
        read_query(scope["query_string"], RequestsQuery)
    with suppress(PageError):
        await read_form(request)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


_app: Any = ProxyHeadersMiddleware(_read, trusted_hosts="*")  # type: ignore[arg-type]
