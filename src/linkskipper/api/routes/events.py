"""GET /listen: the events of a key as they come about, for linkskipper listen. It is no part of the contract.

Lines of JSON, each an event with the headers that a receiver would get; empty lines show that the service lives.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from litestar import Router
from litestar.response import Stream

from linkskipper.api.auth import KeyRequest, key_check
from linkskipper.api.backend import Services
from linkskipper.api.reading import get
from linkskipper.errors import InvalidKey, RateLimited
from linkskipper.jobs import ERRORS, JobState
from linkskipper.webhooks import JobEvent, SignedEvent, job_event, preview_events

LIVES_SECONDS = 10
MAX_STREAMS = 10  # of a key, in one process


def router(backend: Services) -> Router:
    """The route, with the check of keys."""

    @get("/")
    async def listen(request: KeyRequest) -> Stream:
        """Everything that is told from now on, until the key is valid no more."""
        if backend.watch.subscription_count(request.auth.id) >= MAX_STREAMS:
            raise RateLimited(f"This key listens {MAX_STREAMS} times already: end one.", retry_after=LIVES_SECONDS)
        shown = request.headers.get("authorization")
        return Stream(_lines(backend, request.auth.id, shown), media_type="application/x-ndjson")

    return Router("/listen", before_request=key_check(backend), route_handlers=[listen])


async def _lines(backend: Services, key_id: int, shown: str | None) -> AsyncIterator[bytes]:
    with backend.watch.subscribe(key_id) as subscription, suppress(InvalidKey):
        yield b"\n"
        while not (backend.watch.closed or subscription.overflowed):
            try:
                job_ids = await asyncio.wait_for(subscription.receive(), LIVES_SECONDS)
            except TimeoutError:
                job_ids = []
            await backend.authenticator.authenticate(shown)
            lines = [msgspec.json.encode(told) for told in await _told(backend, key_id, job_ids)]
            for line in lines or (b"",):
                yield line + b"\n"


async def _told(backend: Services, key_id: int, job_ids: list[UUID]) -> list[SignedEvent]:
    states = await asyncio.gather(*(backend.jobs.read(key_id, job_id) for job_id in job_ids))
    now = datetime.now(UTC)
    events = [_event(state, now) for state in states if state is not None and state.terminal]
    return await preview_events(backend.pool, backend.webhook_secrets, key_id, events, now) if events else []


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
