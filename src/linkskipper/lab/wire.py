"""Requests to the lab's hosts, and the bytes of their responses."""

import http
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

HTML = "text/html; charset=utf-8"


class LabMemory:
    """State that the lab's hosts keep between requests: counters, times, and the latest values."""

    def __init__(self, size: int = 10_000) -> None:
        self.in_progress: Counter[str] = Counter()
        self.last_requests: dict[str, float] = {}
        self._values: OrderedDict[str, Any] = OrderedDict()
        self._size = size

    def put(self, key: str, value: Any) -> None:
        """Store a value. Drop the oldest one if there are more than `size`."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._size:
            self._values.popitem(last=False)

    def get(self, key: str) -> Any:
        """Return a value, or None."""
        return self._values.get(key)

    def take(self, key: str) -> Any:
        """Remove and return a value, or None."""
        return self._values.pop(key, None)


@dataclass(frozen=True, slots=True)
class LabRequest:
    """A request as shorteners see it. The names of `headers` are in lower case."""

    scheme: str
    host: str
    path: str
    query: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    memory: LabMemory = field(default_factory=LabMemory)

    @property
    def cookies(self) -> str:
        """The Cookie header, or an empty string."""
        return self.headers.get("cookie", "")

    def cookie(self, name: str) -> str:
        """Return the value of a cookie, or an empty string."""
        try:
            morsel = SimpleCookie(self.cookies).get(name)
        except CookieError:
            return ""
        return morsel.value if morsel is not None else ""

    @property
    def fields(self) -> dict[str, str]:
        """The fields of a urlencoded form. Of several with one name, the last."""
        return dict(parse_qsl(self.body.decode("latin-1"), keep_blank_values=True))

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the query. Of several with one name, the last."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


ByteStream: TypeAlias = AsyncGenerator[bytes, None]
"""Bytes that are sent over time. At their end the connection is closed, or reset after a `ConnectionResetError`."""

LabReply: TypeAlias = bytes | ByteStream
PageHandler: TypeAlias = Callable[[LabRequest], LabReply]
PageSource: TypeAlias = bytes | PageHandler


def response(status: int, *headers: tuple[str, str | bytes], body: bytes = b"") -> bytes:
    """Return a whole response. Header values of type bytes are sent unchanged."""
    lines = [head(status, *headers, ("Content-Length", str(len(body)))), body]
    return b"".join(lines)


def head(status: int, *headers: tuple[str, str | bytes]) -> bytes:
    """Return a status line and headers, which may be wrong on purpose."""
    phrase = http.HTTPStatus(status).phrase
    lines = [f"HTTP/1.1 {status} {phrase}".encode()]
    lines += [f"{name}: ".encode() + _octets(value) for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _octets(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("ascii")


def redirect(location: str | bytes, *headers: tuple[str, str | bytes], status: int = 302) -> bytes:
    """Return a redirect with one Location header."""
    return response(status, ("Location", location), *headers)


def json(text: str, *headers: tuple[str, str | bytes], status: int = 200) -> bytes:
    """Return a JSON response."""
    return response(status, ("Content-Type", "application/json"), *headers, body=text.encode())


def page(html: str, *headers: tuple[str, str | bytes], status: int = 200) -> bytes:
    """Return an HTML page."""
    return response(status, ("Content-Type", HTML), *headers, body=html.encode())


def document(body: str, *, title: str = "One moment", head: str = "") -> str:
    """Return a small, complete HTML document."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>{head}</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


async def chunks(parts: Iterable[bytes], *, then_reset: bool = False) -> ByteStream:
    """Yield the parts one after the other, then close or reset the connection."""
    for part in parts:
        yield part
    if then_reset:
        raise ConnectionResetError
