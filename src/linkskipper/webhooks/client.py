"""One attempt: the signed event goes out, and what comes of it."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus

import structlog

from linkskipper.egress import Client, Response, TimedOut, Untrusted, check_public_https, read_retry_after
from linkskipper.errors import EgressError
from linkskipper.webhooks.model import Outcome, PendingDelivery
from linkskipper.webhooks.signing import signed_headers

EXCERPT_BYTES = 2048
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
ASK_AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
JSON = {"Content-Type": "application/json", "Accept": "*/*", "Accept-Encoding": "identity"}
READ_URLS = 4096  # kept, as a URL that is told once is told again
NO_SECRET = "this service cannot read the key's webhook secret"  # noqa: S105
BROKE = "this service could not make sense of what came of it"

log = structlog.get_logger()
_read_url = lru_cache(READ_URLS)(check_public_https)


def _now() -> datetime:
    return datetime.now(UTC)


def _milliseconds_since(begin: float) -> float:
    return (time.perf_counter() - begin) * 1000


class WebhookClient:
    """Makes attempts through the guard, each signed afresh; clock is what signatures tell the time by."""

    def __init__(self, client: Client, *, clock: Callable[[], datetime] = _now) -> None:
        self._client = client
        self._clock = clock

    async def attempt(self, due: PendingDelivery) -> Outcome:
        """Send an event once; whatever comes of it, there is an outcome to record."""
        started_at, begin = self._clock(), time.perf_counter()
        try:
            answer = await self._post(due, started_at)
            if not isinstance(answer, str):
                return _answered(answer, started_at, _milliseconds_since(begin))
        except Exception:
            log.exception("webhooks.attempt_broke", delivery=str(due.id), host=due.host)
            answer = BROKE
        return Outcome(started_at, _milliseconds_since(begin), error=answer, unsent=answer is NO_SECRET)

    async def _post(self, due: PendingDelivery, at: datetime) -> Response | str:
        """The answer, or why there is none."""
        if not due.secrets:
            log.error("webhooks.secret_unreadable", key_id=due.key_id, hint="is LINKSKIPPER_SECRET_KEY the right one?")
            return NO_SECRET
        body = due.body.encode()
        headers = JSON | signed_headers(due.secrets, str(due.id), body, at)
        try:
            url = _read_url(due.url)
            return await self._client.post(url, headers=headers, body=body, excerpt=EXCERPT_BYTES)
        except EgressError as error:
            log.info("webhooks.unanswered", delivery=str(due.id), host=due.host, error=str(error))
            return _in_words(error)


def _in_words(error: EgressError) -> str:
    """What the key's owner is told: refused and unreachable look alike (safety.md, "One door out")."""
    match error:
        case TimedOut():
            return "no answer in time"
        case Untrusted():
            return "its TLS certificate cannot be trusted"
    return "cannot be reached"


def _answered(response: Response, started_at: datetime, milliseconds: float) -> Outcome:
    status = response.status
    received = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    asked = response.headers.get("Retry-After") if status in ASK_AGAIN else None
    return Outcome(
        started_at=started_at,
        milliseconds=milliseconds,
        status=status,
        error=None if received else _complaint(status),
        response=CONTROL.sub("", response.body.decode("utf-8", "replace")),
        retry_after=read_retry_after(asked, started_at),
        gone=status == HTTPStatus.GONE,
    )


def _complaint(status: int) -> str:
    if status == HTTPStatus.GONE:
        return "answered 410: it wants no more of this"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return f"answered {status}: redirects are not followed"
    return f"answered {status}"
