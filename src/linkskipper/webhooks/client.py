"""Make one attempt: sign the event, send it, and describe the result."""

import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from uuid import UUID

import structlog

from linkskipper.egress import TimedOut, Untrusted, check_public_https, read_retry_after
from linkskipper.errors import EgressError
from linkskipper.traces import SpanContext, Tracer, new_span_id
from linkskipper.webhooks.attempts import AttemptResult
from linkskipper.webhooks.pending import PendingDelivery
from linkskipper.webhooks.receivers import ReceiverResponse, Receivers
from linkskipper.webhooks.signing import signed_headers

CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
RETRY_AFTER_STATUSES = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
JSON_HEADERS = {"Content-Type": "application/json", "Accept": "*/*", "Accept-Encoding": "identity"}
TEST_HEADER = {"X-LinkSkipper-Test": "true"}
PARSED_URLS = 4096  # kept, because most URLs receive many events
NO_SECRET = "this service cannot read the key's webhook secret"  # noqa: S105
CRASHED = "this service failed to process the attempt"

log = structlog.get_logger()
_parse_url = lru_cache(PARSED_URLS)(check_public_https)


def request_headers(
    message_id: UUID, body: bytes, secrets: Sequence[str], at: datetime, *, is_test: bool = False
) -> dict[str, str]:
    """Return the headers of an attempt, signed for a time."""
    return JSON_HEADERS | signed_headers(secrets, str(message_id), body, at) | (TEST_HEADER if is_test else {})


def _now() -> datetime:
    return datetime.now(UTC)


def _milliseconds_since(begin: float) -> float:
    return (time.perf_counter() - begin) * 1000


class WebhookClient:
    """Make attempts. Each attempt is signed with the time of `clock`."""

    def __init__(
        self, receivers: Receivers, *, clock: Callable[[], datetime] = _now, tracer: Tracer | None = None
    ) -> None:
        self._receivers = receivers
        self._clock = clock
        self._tracer = tracer

    async def attempt(self, delivery: PendingDelivery) -> AttemptResult:
        """Send an event once. Every failure becomes a result, so that it can be recorded."""
        if self._tracer is None or delivery.is_test:
            return await self._attempt(delivery, {})
        context = SpanContext(delivery.job_id.int, new_span_id())
        result = await self._attempt(delivery, {"traceparent": context.traceparent})
        attributes: dict[str, str | int] = {
            "server.address": delivery.host,
            "linkskipper.delivery_id": str(delivery.id),
        }
        if result.status is not None:
            attributes["http.response.status_code"] = result.status
        self._tracer.delivery(context, milliseconds=result.milliseconds, error=result.error, attributes=attributes)
        return result

    async def _attempt(self, delivery: PendingDelivery, trace_headers: dict[str, str]) -> AttemptResult:
        started_at, begin = self._clock(), time.perf_counter()
        try:
            answer = await self._post(delivery, started_at, trace_headers)
            if not isinstance(answer, str):
                return _result(answer, started_at, _milliseconds_since(begin))
        except Exception:
            log.exception("webhooks.attempt_crashed", delivery=str(delivery.id), host=delivery.host)
            answer = CRASHED
        return AttemptResult(started_at, _milliseconds_since(begin), error=answer, unsent=answer is NO_SECRET)

    async def _post(
        self, delivery: PendingDelivery, at: datetime, trace_headers: dict[str, str]
    ) -> ReceiverResponse | str:
        """Return the answer, or the reason why there is none."""
        if not delivery.secrets:
            hint = "check that LINKSKIPPER_SECRET_KEY is the right one"
            log.error("webhooks.secret_unreadable", key_id=delivery.key_id, hint=hint)
            return NO_SECRET
        body = delivery.body.encode()
        headers = request_headers(delivery.id, body, delivery.secrets, at, is_test=delivery.is_test)
        try:
            url = _parse_url(delivery.url)
            return await self._receivers.post(url, headers=headers | trace_headers, body=body)
        except EgressError as error:
            log.info("webhooks.unanswered", delivery=str(delivery.id), host=delivery.host, error=str(error))
            return _describe(error)


def _describe(error: EgressError) -> str:
    """Describe an error to the key's owner. Refused and unreachable addresses look alike.

    See docs/explanation/egress-guard.md.
    """
    match error:
        case TimedOut():
            return "no answer in time"
        case Untrusted():
            return "its TLS certificate cannot be trusted"
    return "cannot be reached"


def _result(answer: ReceiverResponse, started_at: datetime, milliseconds: float) -> AttemptResult:
    response, status = answer.response, answer.response.status
    excerpt = CONTROL_CHARACTERS.sub("", response.body.decode("utf-8", "replace"))
    retry_after = response.headers.get("Retry-After") if status in RETRY_AFTER_STATUSES else None
    return AttemptResult(
        started_at=started_at,
        milliseconds=milliseconds,
        status=status,
        error=None if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES else _status_error(status),
        response=excerpt if answer.may_be_shown else None,
        retry_after=read_retry_after(retry_after, started_at),
        gone=status == HTTPStatus.GONE,
    )


def _status_error(status: int) -> str:
    if status == HTTPStatus.GONE:
        return "answered 410: no further attempts are made"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return f"answered {status}: redirects are not followed"
    return f"answered {status}"
