"""``?wait=N``: holding an answer until a job ends (beyond the contract, only when asked for)."""

import asyncio
from typing import Annotated
from uuid import UUID

from litestar.params import QueryParameter

from linkskipper.api.backend import Services
from linkskipper.jobs import JobState

MAX_WAIT_SECONDS = 60

Wait = Annotated[
    float,
    QueryParameter(name="wait", ge=0, le=MAX_WAIT_SECONDS, description="Hold the answer up to so many seconds."),
]


async def wait_for_job(backend: Services, key_id: int, job_id: UUID, seconds: float) -> JobState | None:
    """The job's state when it has ended, or after so many seconds; None if the key has no such job."""
    if seconds == 0:
        return await backend.jobs.read(key_id, job_id)
    async with backend.watch.watch(job_id) as ended:
        state = await backend.jobs.read(key_id, job_id)
        give_up = asyncio.get_running_loop().time() + seconds
        while state is not None and not state.terminal and not backend.watch.closed:
            try:
                async with asyncio.timeout_at(give_up):
                    await ended.wait()
            except TimeoutError:
                return await backend.jobs.read(key_id, job_id)
            ended.clear()
            state = await backend.jobs.read(key_id, job_id)
        return state
