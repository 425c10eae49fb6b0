"""Hold a response until a job ends (`?wait=N`)."""

import asyncio
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from linkskipper.api.services import Services
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


async def wait_for_job(services: Services, key_id: int, job_id: UUID, seconds: float) -> JobState | None:
    """Return the state of a job when it has ended or the time is up, None if the key has no such job."""
    if seconds == 0:
        return await services.job_reader.read(key_id, job_id)
    async with services.job_notifier.watch(job_id) as changed:
        state = await services.job_reader.read(key_id, job_id)
        deadline = asyncio.get_running_loop().time() + seconds
        while state is not None and not state.terminal and not services.job_notifier.closed:
            try:
                async with asyncio.timeout_at(deadline):
                    await changed.wait()
            except TimeoutError:
                return await services.job_reader.read(key_id, job_id)
            changed.clear()
            state = await services.job_reader.read(key_id, job_id)
        return state
