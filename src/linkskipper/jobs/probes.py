"""Queue the job that tests a failing host, its probe.

A request that is cut has no time to find out what became of its job, and to release the probe that it claimed. Nobody
else could do so, and the circuit would let no job pass until the probe expires. So the claim, the job and the release
are a task of their own, which goes on to its end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

from linkskipper.catalog import Provider
from linkskipper.database import Pool
from linkskipper.errors import DatabaseUnavailable
from linkskipper.jobs import queries
from linkskipper.jobs.states import JobState, Queued
from linkskipper.provider_health import AdmissionControl, Probe

QueueJob = Callable[[], Awaitable[Queued | JobState]]


class ProbeQueue:
    """Queues jobs that are probes if their circuit lets one pass."""

    def __init__(self, pool: Pool, admission: AdmissionControl) -> None:
        self._pool = pool
        self._admission = admission
        self._running: set[asyncio.Task[Queued | JobState]] = set()

    async def queue(
        self, provider: Provider, host: str, account_id: int, job_id: UUID, queue_job: QueueJob
    ) -> Queued | JobState:
        """Call `queue_job`, which queues the job with this id. A call that is cut before the job began makes none.

        Raises:
            ProviderDown: the circuit lets no job of the account pass.
            ApiError, DatabaseUnavailable: what `queue_job` raises.
        """
        cut = asyncio.Event()

        async def run() -> Queued | JobState:
            probe = await self._admission.admit(provider, host, account_id)
            try:
                if cut.is_set():  # nobody waits for the answer
                    raise asyncio.CancelledError  # noqa: TRY301
                answer = await queue_job()
            except BaseException:
                await self._release(probe, job_id)
                raise
            if not isinstance(answer, Queued):
                await self._release(probe, job_id)
            return answer

        task = asyncio.create_task(run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        finally:
            cut.set()

    async def _release(self, probe: Probe | None, job_id: UUID) -> None:
        """Release a probe, unless the job exists, as it may after a lost connection. A failure leaves it to expire."""
        if probe is None:
            return
        with suppress(DatabaseUnavailable):
            if not await self._pool.fetchval(queries.EXISTS, job_id):
                await self._admission.release_probe(probe)
