"""The outbound HTTP client: one request, one answer, within limits and past the guard."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from types import MappingProxyType, TracebackType
from typing import Self

import aiohttp
from yarl import URL

from linkskipper.egress.body import ACCEPT_ENCODING, BoundedBody
from linkskipper.egress.connect import GuardedResolver, guarded_socket
from linkskipper.egress.cookies import CookieJar
from linkskipper.egress.errors import BodyTooLarge, HeadersTooLarge, Refused, TimedOut, Unreachable, Untrusted
from linkskipper.egress.policy import Policy
from linkskipper.egress.response import Response
from linkskipper.egress.transport import Exchange
from linkskipper.egress.urls import Url
from linkskipper.logs import library_logger

_log = library_logger(__name__)
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_MAX_FIELD_BYTES = 16 * 1024
_MAX_FIELDS = 128
_HEADERS_TOO_LARGE = ("Got more than", "Too many headers")  # aiohttp tells these from other errors by words alone
_DRAIN_BYTES = 16 * 1024
_DRAIN_SECONDS = 0.2
_EXCERPT_SECONDS = 1.0
_REDIRECTS = range(300, 400)
_TEXT_TYPES = frozenset(
    f"application/{kind}" for kind in ("json", "xml", "javascript", "x-javascript", "ecmascript", "xhtml+xml")
)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How long and how much one fetch may take; `raw_bytes` counts the body as sent, `body_bytes` decoded."""

    connect_seconds: float = 5.0
    fetch_seconds: float = 15.0
    body_bytes: int = 2 * 1024 * 1024
    raw_bytes: int = 2 * 1024 * 1024
    header_bytes: int = 64 * 1024


class Client:
    """The one door out. An async context manager, made and used in one event loop; it keeps no cookies."""

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
        self._user_agent = user_agent
        self._connections = connections
        self._limits = limits
        self._nameservers = nameservers
        self._usual = self._timeout(limits.fetch_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._resolver: GuardedResolver | None = None

    async def __aenter__(self) -> Self:
        self._resolver = GuardedResolver(self._policy, self._nameservers, self._limits.connect_seconds)
        self._session = aiohttp.ClientSession(
            connector=self._connector(self._resolver),
            headers=_default_headers(self._user_agent),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._usual,
            auto_decompress=False,
            trust_env=False,
            max_line_size=_MAX_FIELD_BYTES,
            max_field_size=_MAX_FIELD_BYTES,
            max_headers=_MAX_FIELDS,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
        if self._resolver is not None:
            await self._resolver.close()

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
        """Send one request and give the answer, no redirect followed; `timeout` in seconds may shorten the usual limit.

        `exchange`, where given, takes in what passes.

        Raises Refused, Unreachable, TimedOut, BodyTooLarge or HeadersTooLarge.
        """
        limits = self._within(timeout)
        with _translated(url, had_full_time=limits is self._usual):
            answer = await self._send(url, method, _with_cookies(headers, jar, url), body, limits)
            try:
                return await self._receive(url, answer, jar, exchange)
            finally:
                answer.release()

    async def post(self, url: Url, *, headers: Mapping[str, str], body: bytes, excerpt: int) -> Response:
        """Tell a server something; of the body of its answer only so many bytes are taken, as they were sent.

        The status counts however the body goes on.

        Raises Refused, Unreachable, TimedOut or HeadersTooLarge.
        """
        with _translated(url):
            answer = await self._send(url, "POST", headers, body, self._usual)
            try:
                self._check_headers(url, answer)
                return Response(
                    url, answer.status, answer.headers, await _excerpt(answer, excerpt), _media_type(answer), None
                )
            finally:
                answer.release()

    @asynccontextmanager
    async def stream(
        self, url: Url, *, headers: Mapping[str, str], silence: float
    ) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
        """Send a GET and give the status and the lines of the body as they come, for as long as they do.

        Raises TimedOut after so many seconds of silence, and what fetch raises.
        """
        with _translated(url):
            limits = aiohttp.ClientTimeout(sock_connect=self._limits.connect_seconds, sock_read=silence)
            answer = await self._send(url, "GET", headers, None, limits)
            try:
                yield answer.status, aiter(answer.content)
            finally:
                answer.close()

    async def _send(
        self, url: Url, method: str, headers: Mapping[str, str], body: bytes | None, limits: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            raise RuntimeError("the client is used outside its context")
        if reason := self._policy.port_deny_reason(url.port):
            raise Refused(url.host, "", reason)
        target = URL(url.href, encoded=True)
        return await self._session.request(
            method, target, headers=headers, data=body, timeout=limits, allow_redirects=False
        )

    async def _receive(
        self, url: Url, answer: aiohttp.ClientResponse, jar: CookieJar | None, exchange: Exchange | None
    ) -> Response:
        if exchange is not None:
            exchange.begin(answer)
        self._check_headers(url, answer)
        if jar is not None and "Set-Cookie" in answer.headers:
            jar.store(url, answer.headers.getall("Set-Cookie"))
        media_type = _media_type(answer)
        body = b""
        if _leads_elsewhere(answer) or not _is_text(media_type):
            await _drain(answer)
        else:
            body = await self._read(answer, exchange)
        return Response(url, answer.status, answer.headers, body, media_type, answer.charset)

    def _check_headers(self, url: Url, answer: aiohttp.ClientResponse) -> None:
        if sum(map(len, chain.from_iterable(answer.raw_headers))) > self._limits.header_bytes:
            answer.close()
            raise HeadersTooLarge(f"{url.host} sent headers over their limit")

    async def _read(self, answer: aiohttp.ClientResponse, exchange: Exchange | None) -> bytes:
        coding = answer.headers.get("Content-Encoding", "")
        body = BoundedBody(coding, raw_limit=self._limits.raw_bytes, limit=self._limits.body_bytes)
        if exchange is not None:
            exchange.body = body
        try:
            async for chunk in answer.content.iter_any():
                body.feed(chunk)
        except BodyTooLarge:
            answer.close()
            raise
        return body.result()

    def _connector(self, resolver: GuardedResolver) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(
            resolver=resolver,
            socket_factory=partial(guarded_socket, self._policy),
            use_dns_cache=False,
            limit=self._connections,
            ssl=_tls(self._policy),
        )

    def _within(self, timeout: float | None) -> aiohttp.ClientTimeout:
        shorter = timeout is not None and timeout < self._limits.fetch_seconds
        return self._timeout(max(timeout or 0, 0.001)) if shorter else self._usual

    def _timeout(self, seconds: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=seconds, sock_connect=self._limits.connect_seconds)


@contextmanager
def _translated(url: Url, *, had_full_time: bool = True) -> Iterator[None]:
    """Tell what goes wrong within in the errors of this package."""
    try:
        yield
    except Refused as refused:
        _log.warning("egress.refused", host=url.host, address=refused.address, reason=refused.reason)
        raise
    except aiohttp.ConnectionTimeoutError:
        raise TimedOut(f"{url.host} did not answer in time") from None
    except TimeoutError:
        raise TimedOut(f"{url.host} did not answer in time", had_full_time=had_full_time) from None
    except aiohttp.ClientResponseError as error:
        raise _malformed(url, error) from None
    except aiohttp.ClientConnectorCertificateError as error:
        raise Untrusted(f"{url.host} cannot be trusted: {error}") from None
    except (aiohttp.ClientError, OSError) as error:
        raise Unreachable(f"{url.host} cannot be reached: {error}") from None


def _default_headers(user_agent: str) -> dict[str, str]:
    return {
        "User-Agent": user_agent,
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Encoding": ACCEPT_ENCODING,
        "Accept-Language": "en",
    }


def _tls(policy: Policy) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if policy.extra_ca is not None:
        context.load_verify_locations(policy.extra_ca)
    return context


def _with_cookies(headers: Mapping[str, str], jar: CookieJar | None, url: Url) -> Mapping[str, str]:
    cookies = jar.header(url) if jar is not None else None
    return headers if cookies is None else {**headers, "Cookie": cookies}


def _media_type(answer: aiohttp.ClientResponse) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _leads_elsewhere(answer: aiohttp.ClientResponse) -> bool:
    return answer.status in _REDIRECTS and bool(answer.headers.get("Location"))


def _is_text(media_type: str) -> bool:
    """Also true where no sensible type is given: browsers would look into the body, and so must the stop rules."""
    if "/" not in media_type or media_type.startswith("text/"):
        return True
    return media_type in _TEXT_TYPES or media_type.endswith(("+json", "+xml"))


async def _drain(answer: aiohttp.ClientResponse) -> None:
    """Read a small body away, so that the connection can serve again; close it on a larger or slower one."""
    if answer.content.at_eof():
        return
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            await answer.content.readexactly(_DRAIN_BYTES)
    except asyncio.IncompleteReadError:
        return
    except (TimeoutError, aiohttp.ClientError):
        pass
    answer.close()


async def _excerpt(answer: aiohttp.ClientResponse, size: int) -> bytes:
    """How a body begins; one that is longer, or slow to come, is not waited for, and costs the connection."""
    if answer.content.is_eof() and answer.content.total_bytes <= size:
        return answer.content.read_nowait()
    taken = bytearray()
    try:
        async with asyncio.timeout(_EXCERPT_SECONDS):
            while len(taken) <= size:
                chunk = await answer.content.read(size + 1 - len(taken))
                if not chunk:
                    return bytes(taken)
                taken += chunk
    except (TimeoutError, aiohttp.ClientError):
        pass
    answer.close()
    return bytes(taken[:size])


def _malformed(url: Url, error: aiohttp.ClientResponseError) -> HeadersTooLarge | Unreachable:
    if error.message.startswith(_HEADERS_TOO_LARGE):
        return HeadersTooLarge(f"{url.host} sent headers over their limit")
    return Unreachable(f"{url.host} sent no proper HTTP: {error.message}")
