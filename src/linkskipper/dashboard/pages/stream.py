"""The stream that tells an open page that something changed. It sends names, and the page fetches itself again."""

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from linkskipper.accounts import list_account_keys
from linkskipper.dashboard.errors import PageError
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.errors import DatabaseUnavailable
from linkskipper.jobs import JobSubscription, StreamPlace, StreamPlaces, newest_job
from linkskipper.people import Session

PATH = "/dashboard/stream"
CHECK_SECONDS = 0.8  # a session that ended must lose its stream within a second
SUBMITTED_TURNS = 3  # turns between two looks for new jobs, whose submission nobody announces
KEEP_ALIVE_TURNS = 20
MAX_STREAMS = 20  # of a session in one process
JOBS = b"event: jobs\ndata:\n\n"
KEEP_ALIVE = b":\n\n"
_places = StreamPlaces(MAX_STREAMS)


async def stream(call: PageCall) -> Response:
    """Stream the names of what changed, until the session ends."""
    session = call.session
    place = _places.take(session.id)
    if place is None:
        raise PageError(429, "Too many pages", f"Each session may have {MAX_STREAMS} live pages open. Close some.")
    key_ids = [session.key_id] if session.key_id else await _key_ids(call, session)
    return StreamingResponse(_names(call, key_ids, place), media_type="text/event-stream")


async def _key_ids(call: PageCall, session: Session) -> list[int]:
    return [key.id for key in await list_account_keys(call.services.pool, session.account_id)]


async def _names(call: PageCall, key_ids: list[int], place: StreamPlace) -> AsyncIterator[bytes]:
    notifier = call.services.job_notifier
    try:
        with place, notifier.subscribe(*key_ids) as subscription:
            yield JOBS  # the page may have missed what changed before it was connected
            newest, turn = await newest_job(call.services.pool, call.owner), 0
            while not notifier.closed:
                changed = await _wait(subscription)
                if not await call.is_alive():
                    return
                turn += 1
                if turn % SUBMITTED_TURNS == 0:
                    before, newest = newest, await newest_job(call.services.pool, call.owner)
                    changed = changed or newest != before
                if changed:
                    yield JOBS
                elif turn % KEEP_ALIVE_TURNS == 0:
                    yield KEEP_ALIVE
    except DatabaseUnavailable:
        return


async def _wait(subscription: JobSubscription) -> bool:
    """Wait for jobs that end. Return False if none did for CHECK_SECONDS."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return bool(await subscription.receive())
    except TimeoutError:
        return False


PAGES = (PageRoute("GET", PATH, stream, Access.KEY),)
