"""One fetch, tried again where the other side may recover."""

import asyncio
from collections.abc import Awaitable, Callable

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
)
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.stop_rules import TRANSIENT
from linkskipper.resolver.request import RequestSpec
from linkskipper.resolver.result import Reason

ATTEMPTS = 3
TURNED_AWAY = frozenset({429, 503})
FIRST_PAUSE = 0.2  # seconds; doubled each time, and jittered by half

Sleep = Callable[[float], Awaitable[object]]
Reserve = Callable[[float], Awaitable[float | None]]
"""Gives the seconds until the next request may be sent; None if that is later than the given seconds away."""


class Fetcher:
    """Fetches through the one door out; `sleep` and `random` (0 to 1) are handed in."""

    def __init__(self, client: Transport, *, sleep: Sleep, random: Callable[[], float]) -> None:
        self.sleep = sleep
        self._client = client
        self._random = random

    async def fetch(
        self,
        url: Url,
        jar: CookieJar,
        *,
        until: float,
        outgoing: RequestSpec,
        document: Url | None = None,
        reserve: Reserve | None = None,
    ) -> Response:
        """Give the answer, which may be an error's if it does not recover before `until`, a time of the loop's.

        `document` is where the visitor comes from. Each request waits for what `reserve` says. Raises Stop where no
        answer came.
        """
        attempt = 1
        while True:
            if reserve is not None:
                await self.wait_for_turn(reserve, url, until)
            answer = await self._try(url, jar, until - asyncio.get_running_loop().time(), outgoing, document)
            if not _may_recover(answer, outgoing):
                return _give_up(answer)
            pause = max(self._pause(attempt), _retry_after(answer))
            if attempt == ATTEMPTS or asyncio.get_running_loop().time() + pause >= until:
                return _give_up(answer)
            await self.sleep(pause)
            attempt += 1

    async def wait_for_turn(self, reserve: Reserve, url: Url, until: float) -> None:
        """Wait for what is reserved; raises Stop where that is too late."""
        seconds = await reserve(until - asyncio.get_running_loop().time())
        if seconds is None:
            raise Stop(Reason.TIMEOUT, f"The requests to {url.host} are so many that its turn comes too late.")
        if seconds > 0:
            await self.sleep(seconds)

    async def _try(
        self, url: Url, jar: CookieJar, seconds: float, outgoing: RequestSpec, document: Url | None
    ) -> Response | Unreachable:
        try:
            return await self._client.fetch(
                url,
                method=outgoing.method,
                headers=outgoing.headers(url, document),
                body=outgoing.body,
                jar=jar,
                timeout=seconds,
            )
        except Unreachable as error:
            return error
        except Refused as error:
            raise Stop(Reason.BLOCKED_ADDRESS, str(error)) from None
        except TimedOut as error:
            raise Stop(Reason.TIMEOUT, str(error)) from None
        except (BodyTooLarge, HeadersTooLarge) as error:
            raise Stop(Reason.BODY_TOO_LARGE, str(error)) from None

    def _pause(self, attempt: int) -> float:
        pause: float = FIRST_PAUSE * 2 ** (attempt - 1)
        return pause * (1 + self._random() / 2)


def _may_recover(answer: Response | Unreachable, outgoing: RequestSpec) -> bool:
    """Whether to ask again. A form is sent again only where the server turned it away and said when to come back."""
    if isinstance(answer, Unreachable):
        return outgoing.body is None
    if outgoing.body is not None:
        return answer.status in TURNED_AWAY and "Retry-After" in answer.headers
    return answer.status in TRANSIENT


def _retry_after(answer: Response | Unreachable) -> float:
    if isinstance(answer, Unreachable):
        return 0
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else 0


def _give_up(answer: Response | Unreachable) -> Response:
    if isinstance(answer, Unreachable):
        raise Stop(Reason.UPSTREAM_ERROR, str(answer)) from None
    return answer
