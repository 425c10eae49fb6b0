"""GET /listen: the events of a key as they happen, for `linkskipper listen`. It is not part of the contract.

Each line is a JSON event with the headers that a receiver gets. Empty lines show that the connection is alive.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from starlette.responses import StreamingResponse

from linkskipper.api.endpoint import Call, Endpoint, NoQuery
from linkskipper.api.safe_headers import NO_CONTENT, NO_STORE
from linkskipper.api.services import Services
from linkskipper.errors import InvalidKey, RateLimited
from linkskipper.jobs import ERRORS, JobState, StreamPlace, StreamPlaces
from linkskipper.webhooks import JobEvent, SignedEvent, job_event, preview_events

KEEP_ALIVE_SECONDS = 10
HEADERS = {name.decode(): value.decode() for name, value in (NO_STORE, NO_CONTENT)}
MAX_STREAMS = 10  # of a key in one process
_places = StreamPlaces(MAX_STREAMS)


async def listen(services: Services, call: Call[NoQuery]) -> StreamingResponse:
    """Stream the events from now on until the key is revoked."""
    place = _places.take(call.key.id)
    if place is None:
        raise RateLimited(
            f"This key already has {MAX_STREAMS} open event streams. Close one and try again.",
            retry_after=KEEP_ALIVE_SECONDS,
        )
    lines = _lines(services, call.key.id, call.request.header(b"authorization"), place)
    return StreamingResponse(lines, headers=HEADERS, media_type="application/x-ndjson")


async def _lines(
    services: Services, key_id: int, authorization: str | None, place: StreamPlace
) -> AsyncIterator[bytes]:
    notifier = services.job_notifier
    with place, notifier.subscribe(key_id) as subscription, suppress(InvalidKey):
        yield b"\n"
        while not (notifier.closed or subscription.overflowed):
            try:
                job_ids = await asyncio.wait_for(subscription.receive(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                job_ids = []
            await services.authenticator.authenticate(authorization)
            events = await _signed_events(services, key_id, job_ids)
            for line in [msgspec.json.encode(event) for event in events] or [b""]:
                yield line + b"\n"


async def _signed_events(services: Services, key_id: int, job_ids: list[UUID]) -> list[SignedEvent]:
    states = await asyncio.gather(*(services.job_reader.read(key_id, job_id) for job_id in job_ids))
    now = datetime.now(UTC)
    events = [_event(state, now) for state in states if state is not None and state.terminal]
    return await preview_events(services.pool, services.webhook_secrets, key_id, events, now) if events else []


def _event(state: JobState, at: datetime) -> JobEvent:
    return job_event(
        at=at,
        job_id=state.job_id,
        status=state.status,
        target_url=state.target_url,
        provider=state.provider,
        tier=state.tier,
        error=ERRORS.get(state.status),
        credits_charged=state.credits_charged,
        balance=state.balance,
    )


LISTEN = Endpoint(
    method="GET",
    path="/listen",
    name="listen",
    summary="Stream events",
    description="The events of this key as they happen, one JSON object a line.",
    query_type=NoQuery,
    handler=listen,
    successes=(),
)
