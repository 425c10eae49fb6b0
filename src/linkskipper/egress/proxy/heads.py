"""Read the heads of proxied requests and responses, and rewrite them to be passed on (RFC 9112, sections 3.2 and 9)."""

import asyncio
import re
from typing import NamedTuple

from linkskipper.egress.errors import BadProxyRequest, HeadersTooLarge, Unreachable
from linkskipper.egress.urls import Url, parse_url

_HOP_BY_HOP = (b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"upgrade")
_INTERIM = b"1"
_MAX_INTERIM = 8
_MAX_DIGITS = 15
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*:[^\x00\r\n]*")
_LINE_END = re.compile(rb"\r?\n")


class ProxyRequest(NamedTuple):
    """A request of the browser: where to connect, and for plain HTTP the head to send and the length of the body."""

    host: str
    port: int
    is_tunnel: bool
    head: bytes
    body_bytes: int


async def read_request(reader: asyncio.StreamReader) -> ProxyRequest:
    """Read the head of one request.

    Raises:
        BadUrl: The target is not a URL.
        BadProxyRequest: No browser sends its proxy such a request.
        Unreachable: The connection ended early.
        HeadersTooLarge: The head is over the reader's limit.
    """
    first, *fields = (await _read_head(reader)).split(b"\r\n")
    method, target = _parse_request_line(first)
    if not all(_FIELD.fullmatch(line) for line in fields):
        raise BadProxyRequest("a header line is malformed")
    if method == b"CONNECT":
        return _tunnel_request(target)
    url = parse_url(target)
    if url.scheme != "http" or _values(fields, b"transfer-encoding"):
        raise BadProxyRequest("the request is not plain HTTP with a known length")
    return _plain_request(method, url, fields)


async def read_response_head(reader: asyncio.StreamReader) -> bytes:
    """Read the head of the final response and return it as the browser receives it.

    Raises:
        Unreachable: The connection ended early, or interim responses do not end.
        HeadersTooLarge: The head is over the reader's limit.
    """
    for _ in range(_MAX_INTERIM + 1):
        first, *fields = _LINE_END.split(await _read_head(reader))
        if not first.partition(b" ")[2].startswith(_INTERIM):
            return _join(first, fields)
    raise Unreachable("the server sends too many interim responses")


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    try:
        return (await reader.readuntil(b"\r\n\r\n"))[:-4]
    except asyncio.IncompleteReadError:
        raise Unreachable("the connection ended early") from None
    except asyncio.LimitOverrunError:
        raise HeadersTooLarge("the header fields are over their limit") from None


def _parse_request_line(line: bytes) -> tuple[bytes, str]:
    method, *rest = line.split(b" ")
    if not _TOKEN.fullmatch(method) or len(rest) != 2 or not rest[1].startswith(b"HTTP/1."):  # noqa: PLR2004
        raise BadProxyRequest("the request line is malformed")
    return method, rest[0].decode("latin-1")


def _tunnel_request(target: str) -> ProxyRequest:
    url = parse_url(f"https://{target}/")
    if url.href != f"{url.origin}/":
        raise BadProxyRequest("the target of a tunnel is not a host and a port")
    return ProxyRequest(url.host.removesuffix("."), url.port, is_tunnel=True, head=b"", body_bytes=0)


def _plain_request(method: bytes, url: Url, fields: list[bytes]) -> ProxyRequest:
    length, *others = _values(fields, b"content-length") or [b"0"]
    if others or not length.isdigit() or len(length) > _MAX_DIGITS:
        raise BadProxyRequest("the length of the body is malformed")
    path = url.without_fragment[len(url.origin) :]
    # The target decides the host (RFC 9112, section 3.2.2): what the request says in Host is dropped.
    host = f"Host: {url.origin.partition('://')[2]}".encode("latin-1")
    others = [line for line in fields if _name(line) != b"host"]
    head = _join(method + f" {path} HTTP/1.1".encode("latin-1"), [host, *others])
    return ProxyRequest(url.host.removesuffix("."), url.port, is_tunnel=False, head=head, body_bytes=int(length))


def _join(first: bytes, fields: list[bytes]) -> bytes:
    kept = [line for line in fields if _name(line) not in _HOP_BY_HOP]
    return b"\r\n".join([first, *kept, b"Connection: close", b"", b""])


def _values(fields: list[bytes], name: bytes) -> list[bytes]:
    return [line.partition(b":")[2].strip() for line in fields if _name(line) == name]


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].strip().lower()
