"""The outbound HTTP client: one request, one response, within limits and through the guard."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Self

from linkskipper.egress.body import ACCEPT_ENCODING, BoundedBody
from linkskipper.egress.cookies import CookieJar
from linkskipper.egress.errors import BodyTooLarge, HeadersTooLarge, Refused, TimedOut, Unreachable, Untrusted
from linkskipper.egress.http1.connection import Connection, Lost
from linkskipper.egress.http1.head import Head
from linkskipper.egress.http1.pool import ConnectionPool
from linkskipper.egress.http1.request import RequestWriter
from linkskipper.egress.policy import Policy
from linkskipper.egress.response import Response
from linkskipper.egress.transport import Exchange
from linkskipper.egress.urls import Url
from linkskipper.logs import library_logger

_log = library_logger(__name__)
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_DRAIN_BYTES = 16 * 1024
_DRAIN_SECONDS = 0.2
_EXCERPT_SECONDS = 1.0
_MAX_LINE_BYTES = 1024 * 1024
_REDIRECTS = range(300, 400)
_CHARSET = re.compile(r";\s*charset\s*=\s*(?:\"([^\"]*)\"|([^\s;\"]+))", re.IGNORECASE)
_TEXT_TYPES = frozenset(
    f"application/{kind}" for kind in ("json", "xml", "javascript", "x-javascript", "ecmascript", "xhtml+xml")
)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits of one fetch, in seconds and bytes. `raw_bytes` counts the body as sent, `body_bytes` decoded."""

    connect_seconds: float = 5.0
    fetch_seconds: float = 15.0
    body_bytes: int = 2 * 1024 * 1024
    raw_bytes: int = 2 * 1024 * 1024
    header_bytes: int = 64 * 1024


class Client:
    """The only way out. An async context manager, for one event loop. It keeps no cookies."""

    def __init__(
        self,
        policy: Policy,
        *,
        user_agent: str,
        connections: int = 1000,
        limits: FetchLimits = FetchLimits(),
        nameservers: Sequence[str] | None = None,
    ) -> None:
        self._policy = policy
        self._connections = connections
        self._limits = limits
        self._nameservers = nameservers
        self._writer = RequestWriter(_default_headers(user_agent))
        self._pool: ConnectionPool | None = None

    async def __aenter__(self) -> Self:
        self._pool = ConnectionPool(
            self._policy,
            connections=self._connections,
            connect_seconds=self._limits.connect_seconds,
            nameservers=self._nameservers,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            await self._pool.close()

    async def fetch(
        self,
        url: Url,
        *,
        method: str = "GET",
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        jar: CookieJar | None = None,
        timeout: float | None = None,
        exchange: Exchange | None = None,
    ) -> Response:
        """Send one request and return its response. No redirect is followed.

        `timeout` in seconds may shorten the usual limit. `exchange` records what passes.

        Raises:
            Refused: The guard refuses the server.
            Unreachable: The server cannot be connected to, or its response is broken.
            TimedOut: The response is not complete in time.
            BodyTooLarge, HeadersTooLarge: The response is over a limit.
        """
        is_usual = timeout is None or timeout >= self._limits.fetch_seconds
        deadline = _now() + (self._limits.fetch_seconds if is_usual else max(timeout or 0, 0.001))
        headers = _with_cookies(headers, jar, url)
        with _mapped(url, had_full_time=is_usual):
            connection, head = await self._send(url, method, headers, body, deadline)
            try:
                if exchange is not None:
                    exchange.begin(head, self._writer.sent_fields(url, headers))
                if jar is not None and "Set-Cookie" in head.headers:
                    jar.store(url, head.headers.getall("Set-Cookie"))
                return await self._receive(url, connection, head, exchange)
            finally:
                self._release(url, connection)

    async def post(self, url: Url, *, headers: Mapping[str, str], body: bytes, excerpt: int) -> Response:
        """Send a POST. Of the response's body only `excerpt` bytes are taken, as they were sent.

        The status counts however the body goes on.

        Raises:
            Refused, Unreachable, TimedOut, HeadersTooLarge: As fetch does.
        """
        deadline = _now() + self._limits.fetch_seconds
        with _mapped(url):
            connection, head = await self._send(url, "POST", headers, body, deadline)
            try:
                part = await _excerpt(connection, head, excerpt)
                return Response(url, head.status, head.headers, part, _media_type(head), None)
            finally:
                self._release(url, connection)

    @asynccontextmanager
    async def stream(
        self, url: Url, *, headers: Mapping[str, str], silence: float
    ) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
        """Send a GET, and give the status and the lines of the body as they come.

        Raises:
            TimedOut: Nothing came for `silence` seconds.
            Refused, Unreachable, HeadersTooLarge: As fetch does.
        """
        with _mapped(url):
            connection, head = await self._send(url, "GET", headers, None, _now() + silence)
            try:
                yield head.status, self._lines(connection, head, silence)
            finally:
                connection.close()
                self._release(url, connection)

    async def _lines(self, connection: Connection, head: Head, silence: float) -> AsyncIterator[bytes]:
        rest = b""
        async for part in connection.body(head):
            connection.set_deadline(_now() + silence)
            *lines, rest = (rest + part).split(b"\n")
            if len(rest) > _MAX_LINE_BYTES:
                raise BodyTooLarge("a line is over its limit")
            for line in lines:
                yield line + b"\n"
        if rest:
            yield rest

    async def _send(
        self, url: Url, method: str, headers: Mapping[str, str], body: bytes | None, deadline: float
    ) -> tuple[Connection, Head]:
        """Send a request. A kept connection that its server has closed is replaced once, where that is safe."""
        if self._pool is None:
            raise RuntimeError("the client is used outside its context")
        if reason := self._policy.port_deny_reason(url.port):
            raise Refused(url.host, "", reason)
        request = self._writer.write(url, method, headers, body)
        connection, is_kept = await self._pool.acquire(url, deadline)
        try:
            return connection, await self._exchange(connection, request, method, deadline)
        except BaseException as error:
            connection.close()
            self._release(url, connection)
            if not isinstance(error, Lost) or not is_kept or body is not None:
                raise
        connection, _ = await self._pool.acquire(url, deadline, fresh=True)
        try:
            return connection, await self._exchange(connection, request, method, deadline)
        except BaseException:
            connection.close()
            self._release(url, connection)
            raise

    async def _exchange(self, connection: Connection, request: bytes, method: str, deadline: float) -> Head:
        connection.set_deadline(deadline)
        return await connection.request(request, method, head_limit=self._limits.header_bytes)

    def _release(self, url: Url, connection: Connection) -> None:
        if self._pool is not None:
            self._pool.release(url, connection)

    async def _receive(self, url: Url, connection: Connection, head: Head, exchange: Exchange | None) -> Response:
        media_type = _media_type(head)
        if _leads_elsewhere(head) or not _is_text(media_type):
            await self._drain(connection, head)
            body = b""
        else:
            body = await self._read(connection, head, exchange)
        return Response(url, head.status, head.headers, body, media_type, _charset(head))

    async def _read(self, connection: Connection, head: Head, exchange: Exchange | None) -> bytes:
        coding = head.headers.get("Content-Encoding", "")
        body = BoundedBody(coding, raw_limit=self._limits.raw_bytes, limit=self._limits.body_bytes)
        if exchange is not None:
            exchange.body = body
        try:
            if (whole := connection.buffered_body(head)) is not None:
                body.feed(whole)
                return body.result()
            async with aclosing(connection.body(head)) as parts:
                async for part in parts:
                    body.feed(part)
        except BaseException:
            connection.close()
            raise
        return body.result()

    async def _drain(self, connection: Connection, head: Head) -> None:
        """Read a small body away, so that the connection can serve again. Close it on a larger or slower one."""
        if connection.buffered_body(head) is not None:
            return
        if not head.keep_alive:
            connection.close()
            return
        connection.set_deadline(_now() + _DRAIN_SECONDS)
        left = _DRAIN_BYTES
        try:
            async with aclosing(connection.body(head)) as parts:
                async for part in parts:
                    left -= len(part)
                    if left < 0:
                        break
        except (Unreachable, TimedOut, HeadersTooLarge):
            left = -1
        if left < 0:
            connection.close()


async def _excerpt(connection: Connection, head: Head, size: int) -> bytes:
    """Return how a body begins. A body that is longer, or slow to come, costs the connection."""
    if (whole := connection.buffered_body(head)) is not None:
        return whole[:size]
    taken = bytearray()
    connection.set_deadline(_now() + _EXCERPT_SECONDS)
    try:
        async with aclosing(connection.body(head)) as parts:
            async for part in parts:
                taken += part
                if len(taken) > size:
                    break
            else:
                return bytes(taken)
    except (Unreachable, TimedOut, HeadersTooLarge):
        pass
    connection.close()
    return bytes(taken[:size])


@contextmanager
def _mapped(url: Url, *, had_full_time: bool = True) -> Iterator[None]:
    """Map errors to those of this package, with the name of the host."""
    try:
        yield
    except Refused as refused:
        _log.warning("egress.refused", host=url.host, address=refused.address, reason=refused.reason)
        raise
    except (TimedOut, TimeoutError) as error:
        if isinstance(error, TimedOut) and not error.had_full_time:
            raise
        raise TimedOut(f"{url.host} did not answer in time", had_full_time=had_full_time) from None
    except Unreachable as error:
        raise type(error)(f"{url.host}: {error}") from None
    except HeadersTooLarge as error:
        raise HeadersTooLarge(f"{url.host}: {error}") from None
    except ssl.SSLCertVerificationError as error:
        raise Untrusted(f"{url.host} cannot be trusted: {error}") from None
    except OSError as error:
        raise Unreachable(f"{url.host} cannot be reached: {error}") from None


def _now() -> float:
    """Return the time of the event loop's clock, in seconds."""
    return asyncio.get_running_loop().time()


def _default_headers(user_agent: str) -> dict[str, str]:
    return {
        "User-Agent": user_agent,
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Encoding": ACCEPT_ENCODING,
        "Accept-Language": "en",
    }


def _with_cookies(headers: Mapping[str, str], jar: CookieJar | None, url: Url) -> Mapping[str, str]:
    cookies = jar.header(url) if jar is not None else None
    return headers if cookies is None else {**headers, "Cookie": cookies}


def _media_type(head: Head) -> str:
    return head.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _charset(head: Head) -> str | None:
    match = _CHARSET.search(head.headers.get("Content-Type", ""))
    return None if match is None else (match[1] or match[2] or "").lower()


def _leads_elsewhere(head: Head) -> bool:
    return head.status in _REDIRECTS and bool(head.headers.get("Location"))


def _is_text(media_type: str) -> bool:
    """Also true without a sensible type. Browsers look into such a body, and so must the stop rules."""
    if "/" not in media_type or media_type.startswith("text/"):
        return True
    return media_type in _TEXT_TYPES or media_type.endswith(("+json", "+xml"))
