"""What goes over the wire: the requests that the lab's hosts are asked and the bytes that they answer."""

import http
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

HTML = "text/html; charset=utf-8"


class Memory:
    """What the lab's hosts remember from one request to the next: who is there now, and the latest things."""

    def __init__(self, size: int = 10_000) -> None:
        self.under_way: Counter[str] = Counter()
        self.last_asked: dict[str, float] = {}
        self._things: OrderedDict[str, Any] = OrderedDict()
        self._size = size

    def put(self, key: str, thing: Any) -> None:
        """Remember a thing, and forget the oldest where there are too many."""
        self._things[key] = thing
        self._things.move_to_end(key)
        if len(self._things) > self._size:
            self._things.popitem(last=False)

    def get(self, key: str) -> Any:
        """What is remembered; None if nothing is."""
        return self._things.get(key)

    def take(self, key: str) -> Any:
        """The same, which is then forgotten."""
        return self._things.pop(key, None)


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as far as shorteners care; the names of ``headers`` are in lower case."""

    scheme: str
    host: str
    path: str
    query: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    memory: Memory = field(default_factory=Memory)

    @property
    def cookies(self) -> str:
        """The Cookie header."""
        return self.headers.get("cookie", "")

    def cookie(self, name: str) -> str:
        """A cookie's value; empty if there is none."""
        try:
            found = SimpleCookie(self.cookies).get(name)
        except CookieError:
            return ""
        return found.value if found is not None else ""

    @property
    def fields(self) -> dict[str, str]:
        """The fields of a urlencoded form, the last of each name."""
        return dict(parse_qsl(self.body.decode("latin-1"), keep_blank_values=True))

    @property
    def parameters(self) -> dict[str, str]:
        """The same of the query."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


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


def json(text: str, *headers: tuple[str, str | bytes], status: int = 200) -> bytes:
    """What a script is told."""
    return response(status, ("Content-Type", "application/json"), *headers, body=text.encode())


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
