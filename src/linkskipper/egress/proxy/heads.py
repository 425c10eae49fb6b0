"""Read the requests of a browser to its proxy, and write what is passed on (RFC 9112, sections 3.2 and 9)."""

import asyncio
from typing import NamedTuple

from linkskipper.egress.errors import BadUrl, HeadersTooLarge, Unreachable
from linkskipper.egress.urls import parse_url

_OF_ONE_CONNECTION = (b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"upgrade")
_INTERIM = b"1"
_MOST_INTERIM = 8
_MOST_DIGITS = 15


class ProxyRequest(NamedTuple):
    """The host to connect to. For plain HTTP also the head to send, and the length of the body in bytes."""

    host: str
    port: int
    is_tunnel: bool
    head: bytes
    body_bytes: int


async def read_request(reader: asyncio.StreamReader) -> ProxyRequest:
    """Read the head of one request.

    Raises:
        BadUrl: A browser does not send this to its proxy.
        Unreachable: No request came.
        HeadersTooLarge: The head is over its limit.
    """
    first, *fields = (await _read_head(reader)).split(b"\r\n")
    method, _, rest = first.decode("latin-1").partition(" ")
    target = rest.partition(" ")[0]
    if method == "CONNECT":
        url = parse_url(f"https://{target}/")
        return ProxyRequest(url.host.removesuffix("."), url.port, is_tunnel=True, head=b"", body_bytes=0)
    url = parse_url(target)
    length, *others = _values(fields, b"content-length") or [b"0"]
    if url.scheme != "http" or _values(fields, b"transfer-encoding") or others:
        raise BadUrl("this is not a plain request")
    if not length.isdigit() or len(length) > _MOST_DIGITS:
        raise BadUrl("this is not a plain request")
    path = url.href.partition("#")[0][len(url.origin) :]
    head = _joined(f"{method} {path} HTTP/1.1".encode("latin-1"), fields)
    return ProxyRequest(url.host.removesuffix("."), url.port, is_tunnel=False, head=head, body_bytes=int(length))


async def read_response_head(reader: asyncio.StreamReader) -> bytes:
    """Read the head of the final response, as it goes to the browser.

    Raises:
        Unreachable: The connection ended, or interim responses do not end.
        HeadersTooLarge: The head is over its limit.
    """
    for _ in range(_MOST_INTERIM + 1):
        first, *fields = (await _read_head(reader)).split(b"\r\n")
        if not first.partition(b" ")[2].startswith(_INTERIM):
            return _joined(first, fields)
    raise Unreachable("the server sent interim responses without end")


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    try:
        return (await reader.readuntil(b"\r\n\r\n"))[:-4]
    except asyncio.IncompleteReadError:
        raise Unreachable("the connection ended early") from None
    except asyncio.LimitOverrunError:
        raise HeadersTooLarge("the headers are over their limit") from None


def _joined(first: bytes, fields: list[bytes]) -> bytes:
    kept = [line for line in fields if _name(line) not in _OF_ONE_CONNECTION]
    return b"\r\n".join([first, *kept, b"Connection: close", b"", b""])


def _values(fields: list[bytes], name: bytes) -> list[bytes]:
    return [line.partition(b":")[2].strip() for line in fields if _name(line) == name]


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].strip().lower()
