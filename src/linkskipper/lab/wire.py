"""What goes over the wire: the requests that the lab's hosts are asked and the bytes that they answer."""

import http
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Memory:
    """What the lab's hosts remember from one request to the next: paths that fail every other time, visitors now."""

    failed_once: set[str] = field(default_factory=set)
    under_way: Counter[str] = field(default_factory=Counter)
    last_asked: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as far as shorteners care."""

    scheme: str
    host: str
    path: str
    query: str
    cookies: str
    memory: Memory


Script: TypeAlias = AsyncGenerator[bytes, None]
"""Bytes in their own time, after which the connection is closed.

One that raises ``ConnectionResetError`` has it reset instead.
"""

Reply: TypeAlias = bytes | Script
Handler: TypeAlias = Callable[[Request], Reply]
Answer: TypeAlias = bytes | Handler


def response(status: int, *headers: tuple[str, str | bytes], body: bytes = b"") -> bytes:
    """A whole response; header values given as bytes go out as they are, whatever they hold."""
    lines = [head(status, *headers, ("Content-Length", str(len(body)))), body]
    return b"".join(lines)


def head(status: int, *headers: tuple[str, str | bytes]) -> bytes:
    """A status line and headers, which may be lies."""
    phrase = http.HTTPStatus(status).phrase
    lines = [f"HTTP/1.1 {status} {phrase}".encode()]
    lines += [f"{name}: ".encode() + _octets(value) for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _octets(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("ascii")


def redirect(location: str | bytes, *headers: tuple[str, str | bytes], status: int = 302) -> bytes:
    """A redirect with one ``Location``."""
    return response(status, ("Location", location), *headers)


def page(html: str, *headers: tuple[str, str | bytes], status: int = 200) -> bytes:
    """An HTML page."""
    return response(status, ("Content-Type", HTML), *headers, body=html.encode())


def document(body: str, *, title: str = "One moment", head: str = "") -> str:
    """A small, complete HTML document."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>{head}</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


async def chunks(parts: Iterable[bytes], *, then_reset: bool = False) -> Script:
    """The parts one after the other, and then the end of the connection, orderly or not."""
    for part in parts:
        yield part
    if then_reset:
        raise ConnectionResetError
