"""Fetch a page, and retry where the server may recover."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from linkskipper.egress import (
    BodyTooLarge,
    CookieJar,
    HeadersTooLarge,
    Refused,
    Response,
    TimedOut,
    Transport,
    Unreachable,
    Url,
    read_retry_after,
)
from linkskipper.resolver.deadline import Deadline
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.stop_rules import TRANSIENT
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.request import RequestSpec

ATTEMPTS = 3
TURNED_AWAY = frozenset({429, 503})
FIRST_PAUSE = 0.2  # seconds, doubled for each attempt, plus up to half of it at random

Sleep = Callable[[float], Awaitable[object]]
Reserve = Callable[[float], Awaitable[float | None]]
"""Return the seconds until the next request may be sent, or None if they exceed the argument."""


def _now() -> datetime:
    return datetime.now(UTC)


class Fetcher:
    """Sends requests through a transport. `sleep`, `random` (0 to 1) and `now` are parameters."""

    def __init__(
        self,
        transport: Transport,
        *,
        sleep: Sleep,
        random: Callable[[], float],
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.sleep = sleep
        self._transport = transport
        self._random = random
        self._now = now

    async def fetch(
        self,
        url: Url,
        jar: CookieJar,
        *,
        deadline: Deadline,
        spec: RequestSpec,
        referrer: Url | None = None,
        reserve: Reserve | None = None,
    ) -> Response:
        """Return the response, which may be an error's if the server does not recover before the deadline.

        `referrer` is the page that the visitor comes from. Each attempt first waits for its turn with `reserve`. An
        attempt that failed while this process stood still does not count.

        Raises:
            Stop: no response came.
        """
        attempt = 1
        while True:
            if reserve is not None:
                await self.wait_for_turn(reserve, url, deadline)
            result = await self._try(url, jar, deadline, spec, referrer)
            if result is None:
                continue
            if not _may_recover(result, spec):
                return _response_or_stop(result)
            pause = max(self._pause(attempt), self._retry_after(result))
            if attempt == ATTEMPTS or pause >= deadline.remaining():
                return _response_or_stop(result)
            await self.sleep(pause)
            attempt += 1

    async def wait_for_turn(self, reserve: Reserve, url: Url, deadline: Deadline) -> None:
        """Wait until the provider may get another request.

        Raises:
            Stop: the turn would come after the deadline.
        """
        seconds = await reserve(deadline.remaining())
        if seconds is None:
            raise Stop(Reason.TIMEOUT, f"Too many requests wait for {url.host}. This link would wait too long.")
        if seconds > 0:
            await self.sleep(seconds)

    async def _try(
        self, url: Url, jar: CookieJar, deadline: Deadline, spec: RequestSpec, referrer: Url | None
    ) -> Response | Unreachable | None:
        """Return the response or why there is none. Return None if this process stood still in the meantime."""
        seconds, lost_before = deadline.remaining(), deadline.lost
        try:
            return await self._transport.fetch(
                url,
                method=spec.method,
                headers=spec.headers(url, referrer),
                body=spec.body,
                jar=jar,
                timeout=seconds,
            )
        except Unreachable as error:
            if deadline.lost == lost_before:
                return error
            _check_repeatable(url, spec)
            return None
        except Refused as error:
            raise Stop(Reason.BLOCKED_ADDRESS, str(error)) from None
        except TimedOut as error:
            if deadline.lost > lost_before:
                _check_repeatable(url, spec)
                return None
            is_unresponsive = error.had_full_time or deadline.is_large_share(seconds)
            raise Stop(Reason.TIMEOUT, str(error), host_unresponsive=is_unresponsive) from None
        except (BodyTooLarge, HeadersTooLarge) as error:
            raise Stop(Reason.BODY_TOO_LARGE, str(error)) from None

    def _pause(self, attempt: int) -> float:
        pause: float = FIRST_PAUSE * 2 ** (attempt - 1)
        return pause * (1 + self._random() / 2)

    def _retry_after(self, result: Response | Unreachable) -> float:
        if isinstance(result, Unreachable):
            return 0
        wait = read_retry_after(result.headers.get("Retry-After"), self._now())
        return 0 if wait is None else wait.total_seconds()


def _check_repeatable(url: Url, spec: RequestSpec) -> None:
    """Check that a request without an answer may be sent again.

    Raises:
        Stop: It is a form, which the server may have accepted.
    """
    if spec.body is not None:
        detail = f"This service was paused while {url.host} answered. A form is not sent again."
        raise Stop(Reason.TIMEOUT, detail, service_failed=True)


def _may_recover(result: Response | Unreachable, spec: RequestSpec) -> bool:
    """Return whether to retry. A form is sent again only where the server rejected it and said when to retry."""
    if isinstance(result, Unreachable):
        return spec.body is None
    if spec.body is not None:
        return result.status in TURNED_AWAY and "Retry-After" in result.headers
    return result.status in TRANSIENT


def _response_or_stop(result: Response | Unreachable) -> Response:
    if isinstance(result, Unreachable):
        raise Stop(Reason.UPSTREAM_ERROR, str(result)) from None
    return result
