"""Send requests with httpx2, which is imported with the first one."""

import threading
import weakref
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from linkskipper_sdk._core.config import Clock
from linkskipper_sdk._core.effects import Reply, Request, Response, Send
from linkskipper_sdk._core.secret import Secret
from linkskipper_sdk.errors import ConfigurationError, NetworkError, RequestTimeoutError

if TYPE_CHECKING:
    import httpx2

# The service closes idle connections after 75 s, and common proxies after 60 s.
_KEEPALIVE_SECONDS = 30.0
_MAX_BODY_BYTES = 16 * 1024 * 1024


class _Remaining(dict[str, float]):
    """The timeouts of one attempt for httpx2: whichever it asks for, it gets what is left of the whole attempt."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        super().__init__(dict.fromkeys(("connect", "read", "write", "pool"), seconds))
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002  the signature of dict
        return max(0.001, self._end - self._clock.monotonic())

    @property
    def over(self) -> bool:
        return self._clock.monotonic() >= self._end


class _Transport:
    """The part that the sync and the async transport share."""

    def __init__(self, api_key: Secret, clock: Clock) -> None:
        self._api_key = api_key
        self._clock = clock

    def _arguments(self, request: Request, timeouts: _Remaining) -> dict[str, Any]:
        import httpx2  # noqa: PLC0415

        # httpx2.Headers hides the key in its repr, which a traceback with locals shows.
        headers = httpx2.Headers(dict(request.headers))
        headers["authorization"] = f"Bearer {self._api_key.reveal()}"
        return {
            "method": request.method,
            "url": _url(request.url),
            "headers": headers,
            "content": request.body,
            "extensions": {"timeout": timeouts},
        }

    def _failure(self, error: BaseException, send: Send) -> NetworkError:
        import httpx2  # noqa: PLC0415

        target = f"{send.request.method} {send.request.url}"
        if isinstance(error, TimeoutError | httpx2.TimeoutException):
            failure: NetworkError = RequestTimeoutError(
                f"{target} had no whole answer within {send.timeout:g} s.", cause=error
            )
        else:
            reason = self._api_key.hide_in(str(error)) or "no reason given"
            failure = NetworkError(f"{target} failed: {type(error).__name__}: {reason}", cause=error)
        failure.__cause__ = _without_frames(error)
        return failure


class SyncTransport(_Transport):
    """Sends requests one at a time in each thread."""

    def __init__(self, client: "httpx2.Client | None", api_key: Secret, clock: Clock) -> None:
        super().__init__(api_key, clock)
        self._client = client
        self._lock = threading.Lock()

    def send(self, send: Send) -> Reply:
        """Send a request and return the answer or the failure."""
        import httpx2  # noqa: PLC0415

        timeouts = _Remaining(send.timeout, self._clock)
        client = self._client or self._open()
        try:
            request = client.build_request(**self._arguments(send.request, timeouts))
            response = client.send(request, stream=True, auth=None, follow_redirects=False)
            try:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    _check(body, timeouts)
            finally:
                response.close()
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            return self._failure(error, send)
        return Response(response.status_code, _headers(response), bytes(body))

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _open(self) -> "httpx2.Client":
        import httpx2  # noqa: PLC0415

        with self._lock:
            if self._client is None:
                self._client = httpx2.Client(limits=_limits())
                weakref.finalize(self, self._client.close)  # also at the end of the program
            return self._client


class AsyncTransport(_Transport):
    """Sends requests concurrently in one event loop."""

    def __init__(self, client: "httpx2.AsyncClient | None", api_key: Secret, clock: Clock) -> None:
        super().__init__(api_key, clock)
        self._client = client

    async def send(self, send: Send) -> Reply:
        """Send a request and return the answer or the failure."""
        import asyncio  # noqa: PLC0415

        import httpx2  # noqa: PLC0415

        timeouts = _Remaining(send.timeout, self._clock)
        if self._client is None:
            self._client = httpx2.AsyncClient(limits=_limits())
        try:
            async with asyncio.timeout(send.timeout):
                request = self._client.build_request(**self._arguments(send.request, timeouts))
                response = await self._client.send(request, stream=True, auth=None, follow_redirects=False)
                try:
                    body = bytearray()
                    async for chunk in response.aiter_bytes():
                        body += chunk
                        _check(body, timeouts)
                finally:
                    await response.aclose()
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            return self._failure(error, send)
        return Response(response.status_code, _headers(response), bytes(body))

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()


@lru_cache(maxsize=64)  # most calls go to few addresses, and reading one takes as long as the rest of a request
def _url(text: str) -> "httpx2.URL":
    import httpx2  # noqa: PLC0415

    try:
        return httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise ConfigurationError(f"The address of the request is not valid: {error}.") from None


def _limits() -> "httpx2.Limits":
    import httpx2  # noqa: PLC0415

    return httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=_KEEPALIVE_SECONDS)


def _check(body: bytearray, timeouts: _Remaining) -> None:
    import httpx2  # noqa: PLC0415

    if len(body) > _MAX_BODY_BYTES:
        raise httpx2.StreamError(f"the body is larger than {_MAX_BODY_BYTES} bytes")
    if timeouts.over:
        raise TimeoutError


def _headers(response: "httpx2.Response") -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.headers.multi_items():
        name = name.lower()  # noqa: PLW2901
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _without_frames(error: BaseException) -> BaseException:
    """Return an error without the frames of the HTTP client, whose locals hold the key."""
    link: BaseException | None = error
    while link is not None and link.__traceback__ is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error
