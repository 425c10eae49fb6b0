"""One exchange with the service: attempts, delays between them, and how it ends."""

import json
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, Protocol

from linkskipper_sdk._core.answers import Answer, AnswerReader
from linkskipper_sdk._core.config import CallOptions, Config, read_headers, read_seconds
from linkskipper_sdk._core.effects import Flow, Gate, Pause, Request, Response, Send, Sleep
from linkskipper_sdk.errors import (
    ApiError,
    ConfigurationError,
    LinkSkipperError,
    NetworkError,
    ProviderDownError,
    RateLimitedError,
    ServiceUnavailableError,
)
from linkskipper_sdk.retry import RetryPolicy

_REFUSALS = (RateLimitedError, ProviderDownError, ServiceUnavailableError)  # the service did nothing

_DEBUG = 10  # logging.DEBUG

Build = Callable[[], tuple[Request, float]]


class Guard(Protocol):
    """Decides for a wait whether a failed exchange goes on."""

    def max_attempts(self, policy: RetryPolicy) -> float:
        """Return how many attempts an exchange has."""

    def check(self, error: LinkSkipperError, delay: float | None) -> None:
        """Raise if the exchange must not be tried again after a delay. None: it cannot be tried again."""

    def extend(self, seconds: float) -> None:
        """Move the deadline: the run of many links was paused."""


class Caller:
    """Makes the exchanges of one call, with its own options.

    Args:
        config: The options of the client.
        options: The options of the call.
        paced: Whether the call is part of a run of many links, whose gate it must pass.
    """

    def __init__(self, config: Config, options: CallOptions, *, paced: bool = False) -> None:
        unknown = options.keys() - CallOptions.__annotations__.keys()
        if unknown:
            raise ConfigurationError(f"Unknown option: {', '.join(sorted(unknown))}.")
        self.config = config
        self.clock = config.clock
        self.retry = options.get("retry") or config.retry
        if not isinstance(self.retry, RetryPolicy):
            raise ConfigurationError("retry must be a RetryPolicy.")
        self.reader = AnswerReader(config.api_key)
        self._timeout = read_seconds("timeout", options.get("timeout", config.timeout), exclusive=True)
        headers = options.get("headers")
        self._headers = read_headers(config.headers, headers) if headers else config.headers
        self._paced = paced

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | float] | None = None,
        body: object = None,
        *,
        wait: float = 0.0,
        limit: float = inf,
    ) -> tuple[Request, float]:
        """Build a request and its timeout: a held answer may take ``wait`` longer, and nothing more than ``limit``."""
        headers = dict(self._headers)
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = _encode(body)
        parameters = {**(query or {}), **({"wait": wait} if wait > 0 else {})}
        url = f"{self.config.base_url}{path}{_query(parameters)}"
        return Request(method, url, headers, content), min(self._timeout + wait, limit)

    def exchange(self, build: Build, *, guard: Guard | None = None, safe: bool = True) -> Flow[Answer]:
        """Send a request, again if need be, and return the answer.

        Args:
            build: Makes the request and the timeout of an attempt.
            guard: Watches over the deadline of a wait.
            safe: Whether the request may be repeated after it may have been carried out.
        """
        attempts = failures = 0
        while True:
            if self._paced:
                yield from self._pass_gate(guard)
            request, timeout = build()
            attempts += 1
            began = self.clock.monotonic()
            reply = yield Send(request, timeout)
            try:
                answer = self._read(reply, attempts)
            except (ApiError, NetworkError) as error:
                self._log(request, attempts, began, error)
                if self._paced and self._is_short_rate_limit(error):
                    yield Pause(self._delay(error, 1))
                    continue
                failures += 1
                yield Sleep(self._delay_or_raise(error, failures, guard, safe=safe))
            else:
                self._log(request, attempts, began, None, answer)
                return answer

    def _pass_gate(self, guard: Guard | None) -> Flow[None]:
        began = self.clock.monotonic()
        yield Gate()
        if guard is not None:
            guard.extend(self.clock.monotonic() - began)

    def _read(self, reply: object, attempts: int) -> Answer:
        if isinstance(reply, NetworkError):
            raise reply
        assert isinstance(reply, Response)  # noqa: S101  drivers reply to Send with nothing else
        return self.reader.read(reply, attempts=attempts, now=self.clock.time())

    def _delay_or_raise(
        self, error: ApiError | NetworkError, failures: int, guard: Guard | None, *, safe: bool
    ) -> float:
        allowed = guard.max_attempts(self.retry) if guard else self.retry.max_attempts
        repeatable = error.is_retryable and (safe or isinstance(error, _REFUSALS))
        final = not repeatable or failures >= allowed or self._asks_too_much(error)
        delay = None if final else self._delay(error, failures)
        if guard is not None:
            guard.check(error, delay)
        if delay is None:
            raise error
        return delay

    def _delay(self, error: ApiError | NetworkError, failures: int) -> float:
        delay = self.retry.delay(failures, self.config.random())
        return max(delay, _retry_after(error) or 0.0)

    def _asks_too_much(self, error: ApiError | NetworkError) -> bool:
        return (_retry_after(error) or 0.0) > self.retry.max_retry_after

    def _is_short_rate_limit(self, error: ApiError | NetworkError) -> bool:
        return isinstance(error, RateLimitedError) and not self._asks_too_much(error)

    def _log(
        self, request: Request, attempt: int, began: float, error: LinkSkipperError | None, answer: Answer | None = None
    ) -> None:
        logger = self.config.logger
        if not logger.isEnabledFor(_DEBUG):
            return
        result: Any = answer.meta.status if answer else error
        took = self.clock.monotonic() - began
        logger.debug("%s %s, attempt %d, %.3f s: %s", request.method, request.url, attempt, took, result)


def _retry_after(error: LinkSkipperError) -> float | None:
    return error.retry_after if isinstance(error, ApiError) else None


def _encode(body: object) -> bytes:
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"The body cannot be written as JSON: {error}.") from None
    return text.encode("utf-8", "surrogatepass")


def _query(parameters: Mapping[str, str | float]) -> str:
    return "?" + "&".join(f"{_quote(name)}={_quote(value)}" for name, value in parameters.items()) if parameters else ""


def _quote(value: object) -> str:
    text = f"{int(value * 1000) / 1000:g}" if isinstance(value, float) else str(value)
    if text.isascii() and text.isalnum():
        return text
    from urllib.parse import quote  # noqa: PLC0415  the package imports quickly

    return quote(text, safe="", errors="replace")
