"""Send one HTTP request through the guard, within limits."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from types import MappingProxyType, TracebackType
from typing import Self

from linkskipper.egress.body import ACCEPT_ENCODING, BoundedBody, drain_body, read_excerpt
from linkskipper.egress.cookies import CookieJar
from linkskipper.egress.errors import BodyTooLarge, HeadersTooLarge, Refused, TimedOut, Unreachable, Untrusted
from linkskipper.egress.http1.connection import HttpConnection, Lost
from linkskipper.egress.http1.head import Head
from linkskipper.egress.http1.pool import ConnectionPool
from linkskipper.egress.http1.request import RequestWriter
from linkskipper.egress.limits import DEFAULT_LIMITS, FetchLimits
from linkskipper.egress.policy import Policy
from linkskipper.egress.response import Response, content_type_of, is_text
from linkskipper.egress.transport import Exchange
from linkskipper.egress.urls import Url
from linkskipper.errors import EgressError

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_MAX_LINE_BYTES = 1024 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})  # Fetch standard, "redirect status"


class Client:
    """An HTTP client that connects only where the policy allows, and keeps no cookies.

    Use it as an async context manager, in one event loop.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        user_agent: str,
        connections: int = 1000,
        limits: FetchLimits = DEFAULT_LIMITS,
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
        """Send one request and return its response. Redirects are not followed.

        Args:
            url: The URL to fetch. Its fragment is not sent.
            method: The request method.
            headers: Header fields besides the client's own.
            body: The request body.
            jar: Cookies to send, which the response may change.
            timeout: Seconds for the whole fetch. It may shorten the usual limit, not extend it.
            exchange: A record to fill in.

        Raises:
            Refused: The guard denies the connection.
            Unreachable: The server cannot be connected to, or its response is broken.
            TimedOut: The response was not complete in time.
            BodyTooLarge: The body is over its limit.
            HeadersTooLarge: The header fields are over their limit.
        """
        has_full_time = timeout is None or timeout >= self._limits.fetch_seconds
        seconds = self._limits.fetch_seconds if has_full_time else max(timeout or 0, 0)
        headers = _with_cookies(headers, jar, url)
        try:
            connection, head = await self._send(url, method, headers, body, seconds)
            try:
                if exchange is not None:
                    exchange.record_head(head, self._writer.sent_fields(url, headers))
                if jar is not None and "Set-Cookie" in head.headers:
                    jar.store(url, head.headers.getall("Set-Cookie"))
                return await self._receive(url, connection, head, exchange)
            finally:
                self._release(url, connection)
        except (EgressError, OSError) as error:
            raise self._translated(error, url, has_full_time=has_full_time) from None

    async def post(self, url: Url, *, headers: Mapping[str, str], body: bytes, excerpt: int) -> Response:
        """Send a POST and return its response with at most `excerpt` bytes of the body, not decoded.

        The status counts even if the rest of the body is slow, large or broken.

        Raises:
            Refused: The guard denies the connection.
            Unreachable: The server cannot be connected to, or the head of its response is broken.
            TimedOut: The head of the response did not come in time.
            HeadersTooLarge: The header fields are over their limit.
        """
        with self._translated_errors(url):
            connection, head = await self._send(url, "POST", headers, body, self._limits.fetch_seconds)
            try:
                beginning = await read_excerpt(connection, head, excerpt)
                return Response(url, head.status, head.headers, beginning, content_type_of(head.headers)[0], None)
            finally:
                self._release(url, connection)

    @asynccontextmanager
    async def stream(
        self, url: Url, *, headers: Mapping[str, str], silence: float
    ) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
        """Send a GET and yield the status and the lines of the body as they come.

        Raises:
            TimedOut: Nothing came for `silence` seconds.
            BodyTooLarge: A line is over its limit.
            EgressError: The other errors of `fetch`.
        """
        with self._translated_errors(url):
            connection, head = await self._send(url, "GET", headers, None, silence)
            try:
                yield head.status, self._lines(connection, head, silence)
            finally:
                connection.close()
                self._release(url, connection)

    async def _lines(self, connection: HttpConnection, head: Head, silence: float) -> AsyncIterator[bytes]:
        rest = b""
        async for part in connection.body(head):
            connection.set_deadline(asyncio.get_running_loop().time() + silence)
            *lines, rest = (rest + part).split(b"\n")
            if len(rest) > _MAX_LINE_BYTES:
                raise BodyTooLarge("a line is over its limit")
            for line in lines:
                yield line + b"\n"
        if rest:
            yield rest

    async def _send(
        self, url: Url, method: str, headers: Mapping[str, str], body: bytes | None, seconds: float
    ) -> tuple[HttpConnection, Head]:
        """Send a request. Replace a kept connection that its server has closed once, if the request has no body."""
        if (pool := self._pool) is None:
            raise RuntimeError("the client is used outside its context")
        if reason := self._policy.port_deny_reason(url.port):
            raise Refused(url.host, "", reason)
        request = self._writer.write(url, method, headers, body)
        deadline, limit = pool.now() + seconds, self._limits.header_bytes
        connection, is_kept = await pool.acquire(url, deadline)
        try:
            return connection, await connection.request(request, method, deadline=deadline, head_limit=limit)
        except BaseException as error:
            connection.close()
            self._release(url, connection)
            if not isinstance(error, Lost) or not is_kept or body is not None:
                raise
        connection, _ = await pool.acquire(url, deadline, fresh=True)
        try:
            return connection, await connection.request(request, method, deadline=deadline, head_limit=limit)
        except BaseException:
            connection.close()
            self._release(url, connection)
            raise

    def _release(self, url: Url, connection: HttpConnection) -> None:
        if self._pool is not None:
            self._pool.release(url, connection)

    @contextmanager
    def _translated_errors(self, url: Url) -> Iterator[None]:
        """Translate the errors of a request that had its full time."""
        try:
            yield
        except (EgressError, OSError) as error:
            raise self._translated(error, url, has_full_time=True) from None

    def _translated(self, error: EgressError | OSError, url: Url, *, has_full_time: bool) -> EgressError:
        """Add the host's name to an error, turn one of the system into our own, and log a refusal."""
        match error:
            case TimedOut() | TimeoutError():
                had_full_time = has_full_time or (isinstance(error, TimedOut) and error.had_full_time)
                return TimedOut(f"{url.host} did not answer in time", had_full_time=had_full_time)
            case Unreachable() | HeadersTooLarge():
                return type(error)(f"{url.host}: {error}")
            case Refused():
                self._policy.refusals.report(url.host, error)
            case ssl.SSLCertVerificationError():
                return Untrusted(f"the certificate of {url.host} is not trusted: {error}")
            case OSError():
                return Unreachable(f"{url.host} cannot be reached: {error}")
        return error

    async def _receive(self, url: Url, connection: HttpConnection, head: Head, exchange: Exchange | None) -> Response:
        media_type, charset = content_type_of(head.headers)
        if _is_redirect(head) or not is_text(media_type):
            await drain_body(connection, head)
            body = b""
        else:
            body = await self._read_body(connection, head, exchange)
        return Response(url, head.status, head.headers, body, media_type, charset)

    async def _read_body(self, connection: HttpConnection, head: Head, exchange: Exchange | None) -> bytes:
        coding = ",".join(head.headers.getall("Content-Encoding", ()))
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


def _is_redirect(head: Head) -> bool:
    return head.status in _REDIRECTS and bool(head.headers.get("Location"))
