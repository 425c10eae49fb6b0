"""Read the heads of proxied requests and responses, and rewrite them to be passed on (RFC 9112, sections 3.2 and 9).

The parser is that of the client. Only what it understood is passed on, so both ends read the same.
"""

import asyncio
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import NamedTuple

from multidict import CIMultiDict

from linkskipper.egress.errors import BadProxyRequest, Unreachable
from linkskipper.egress.http1.head import Framing, Head, parse_fields, parse_head, split_lines
from linkskipper.egress.http1.streams import read_head
from linkskipper.egress.urls import Url, parse_url

_HEAD_BYTES = 64 * 1024
_HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "upgrade")
_MAX_INTERIM = 8
_MAX_DIGITS = 15
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_CONTROL = re.compile(r"[\x00\r\n]")


class ProxyRequest(NamedTuple):
    """A request of the browser: where to connect, and for plain HTTP the head to send and the length of the body.

    `begun` is what came with the head: the first bytes of the body, or of what goes through the tunnel.
    """

    host: str
    port: int
    method: str
    head: bytes
    body_bytes: int
    begun: bytes

    @property
    def is_tunnel(self) -> bool:
        """Whether the browser wants a tunnel."""
        return self.method == "CONNECT"


class ProxyResponse(NamedTuple):
    """The head of a response as the browser receives it, the length of the body if it is known, and its first bytes."""

    head: bytes
    body_bytes: int | None
    begun: bytes


async def read_request(reader: asyncio.StreamReader) -> ProxyRequest:
    """Read the head of one request.

    Raises:
        BadUrl: The target is not a URL.
        BadProxyRequest: No browser sends its proxy such a request.
        Unreachable: The connection ended early.
        HeadersTooLarge: The head is over a limit.
    """
    head, begun = await read_head(reader, _HEAD_BYTES)
    (first, *lines), has_regular_lines = split_lines(head)
    method, target = _parse_request_line(first)
    fields, is_regular = parse_fields(lines, _HEAD_BYTES)
    if not (is_regular and has_regular_lines) or any(_CONTROL.search(value) for value in fields.values()):
        raise BadProxyRequest("a header line is malformed")
    if method == "CONNECT":
        host, port = _tunnel_target(target)
        return ProxyRequest(host, port, method, b"", 0, begun)
    url = parse_url(target)
    if url.scheme != "http" or "Transfer-Encoding" in fields:
        raise BadProxyRequest("the request is not plain HTTP with a known length")
    return ProxyRequest(
        url.host.removesuffix("."), url.port, method, _request_head(method, url, fields), _body_bytes(fields), begun
    )


async def read_response(reader: asyncio.StreamReader, method: str) -> ProxyResponse:
    """Read the head of the final response to a request with this method.

    Raises:
        Unreachable: The connection ended early, this is not HTTP, or interim responses do not end.
        HeadersTooLarge: The head is over a limit.
    """
    begun = b""
    for _ in range(_MAX_INTERIM + 1):
        block, begun = await read_head(reader, _HEAD_BYTES, begun)
        head = parse_head(block, method=method, limit=_HEAD_BYTES)
        if not head.is_interim:
            return ProxyResponse(_response_head(head), head.length if head.framing is Framing.LENGTH else None, begun)
    raise Unreachable("the server sends too many interim responses")


def _parse_request_line(line: bytes) -> tuple[str, str]:
    method, *rest = line.split(b" ")
    is_complete = len(rest) == 2 and rest[1].startswith(b"HTTP/1.")  # noqa: PLR2004
    if not _TOKEN.fullmatch(method) or not is_complete:
        raise BadProxyRequest("the request line is malformed")
    return method.decode("ascii"), rest[0].decode("latin-1")


def _tunnel_target(target: str) -> tuple[str, int]:
    url = parse_url(f"https://{target}/")
    if url.href != f"{url.origin}/":
        raise BadProxyRequest("the target of a tunnel is not a host and a port")
    return url.host.removesuffix("."), url.port


def _body_bytes(fields: CIMultiDict[str]) -> int:
    length, *others = fields.getall("Content-Length", ["0"])
    if others or not (length.isascii() and length.isdigit()) or len(length) > _MAX_DIGITS:
        raise BadProxyRequest("the length of the body is malformed")
    return int(length)


def _request_head(method: str, url: Url, fields: CIMultiDict[str]) -> bytes:
    path = url.without_fragment[len(url.origin) :]
    # The target decides the host (RFC 9112, section 3.2.2): what the request says in Host is dropped.
    host = ("Host", url.origin.partition("://")[2])
    return _join(
        f"{method} {path} HTTP/1.1", [host, *(field for field in fields.items() if field[0].lower() != "host")]
    )


def _response_head(head: Head) -> bytes:
    is_known = head.status in set(HTTPStatus)
    first = f"HTTP/1.1 {head.status:03} {HTTPStatus(head.status).phrase if is_known else ''}"
    fields: list[tuple[str, str]] = []
    for name, value in head.headers.items():
        if _CONTROL.search(value):
            raise Unreachable("the server sent malformed HTTP: a header value has a control character")
        if name.lower() != "content-length":
            fields.append((name, value))
        elif head.framing is Framing.LENGTH and "Content-Length" not in dict(fields):
            fields.append(("Content-Length", value.partition(",")[0].strip()))
    return _join(first, fields)


def _join(first: str, fields: Iterable[tuple[str, str]]) -> bytes:
    kept = [f"{name}: {value}" for name, value in fields if name.lower() not in _HOP_BY_HOP]
    return "\r\n".join([first, *kept, "Connection: close", "", ""]).encode("utf-8", "surrogateescape")
