"""Hold a response until a job ends (`?wait=N`)."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from linkskipper.api.endpoint import Call
from linkskipper.api.services import Services
from linkskipper.database import TimeLimit
from linkskipper.jobs import JobState

MAX_WAIT_SECONDS = 60

WaitSeconds = Annotated[
    float,
    Meta(
        ge=0,
        le=MAX_WAIT_SECONDS,
        description="Hold the response until the job ends, for at most this number of seconds.",
        examples=[10],
    ),
]


async def wait_for_job(services: Services, call: Call[Any], job_id: UUID, seconds: float) -> JobState | None:
    """Return the state of a job when it has ended or the time is up, None if the key has no such job.

    The seconds count from the begin of the request, so that a slow database does not make the response later.

    Raises:
        InvalidKey: The key was revoked meanwhile.
    """
    key_id, limit = call.key.id, call.request.time_limit
    if seconds == 0:
        return await services.job_reader.read(key_id, job_id)
    async with services.job_notifier.watch(job_id) as changed:
        state = await services.job_reader.read(key_id, job_id)
        deadline = asyncio.get_running_loop().time() + limit.rest_of(seconds)
        in_time = True
        while in_time and state is not None and not state.terminal and not services.job_notifier.closed:
            in_time = await _until_changed(changed, deadline, limit)
            state = await services.job_reader.read(key_id, job_id)
    await services.authenticator.authenticate(call.request.header(b"authorization"))
    return state


async def _until_changed(changed: asyncio.Event, deadline: float, limit: TimeLimit) -> bool:
    """Wait for a change of the job. Return whether it came before the deadline."""
    limit.paused = True
    try:
        async with asyncio.timeout_at(deadline):
            await changed.wait()
    except TimeoutError:
        return False
    finally:
        limit.end_wait()
    changed.clear()
    return True
