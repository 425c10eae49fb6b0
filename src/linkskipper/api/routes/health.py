"""Health and metrics for the monitoring of the process."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from linkskipper.api.request import Request
from linkskipper.api.responses import ApiResponse, Responder, text_response
from linkskipper.database import Pool
from linkskipper.database.schema import require_current
from linkskipper.errors import DatabaseUnavailable, SchemaError

READY_TIMEOUT_SECONDS = 2
REMEMBERED_SECONDS = 1


async def healthz(_request: Request) -> ApiResponse:
    """Answer as long as the process is alive."""
    return text_response("ok\n")


async def metrics(_request: Request) -> ApiResponse:
    """Return the metrics for Prometheus."""
    return text_response(generate_latest().decode(), content_type=CONTENT_TYPE_LATEST)


def monitor_routes(pool: Pool, workers_ready: Callable[[], bool]) -> Mapping[str, Responder]:
    """Return what only the operator's monitoring needs, by path."""
    readiness = Readiness(pool, workers_ready)

    async def readyz(_request: Request) -> ApiResponse:
        """Answer 200 if the database answers, its schema is current, and the workers are connected to their queues."""
        problem = await readiness.problem()
        return text_response(f"{problem or 'ok'}\n", status=503 if problem else 200)

    return {"/readyz": readyz, "/metrics": metrics}


class Readiness:
    """Whether the service can work. The answer is kept for a second, so that clients cannot overload the database."""

    def __init__(self, pool: Pool, workers_ready: Callable[[], bool]) -> None:
        self._pool = pool
        self._workers_ready = workers_ready
        self._check: asyncio.Task[str | None] | None = None
        self._checked_at = 0.0

    async def problem(self) -> str | None:
        """Return what is wrong, or None."""
        now = asyncio.get_running_loop().time()
        if self._check is None or (self._check.done() and now - self._checked_at > REMEMBERED_SECONDS):
            self._check, self._checked_at = asyncio.create_task(_problem(self._pool, self._workers_ready)), now
        return await asyncio.shield(self._check)


async def _problem(pool: Pool, workers_ready: Callable[[], bool]) -> str | None:
    try:
        await _with_timeout(_check_schema(pool))
    except SchemaError as error:
        return str(error)
    except DatabaseUnavailable:
        return "the database does not answer"
    return None if workers_ready() else "the workers are not connected to their queues"


async def _check_schema(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await require_current(connection)


async def _with_timeout(check: Coroutine[None, None, None]) -> None:
    """Wait for a check, but not for its cancellation, which a server that hangs delays.

    Raises:
        DatabaseUnavailable: it took longer than READY_TIMEOUT_SECONDS.
    """
    task = asyncio.create_task(check)
    if not (await asyncio.wait([task], timeout=READY_TIMEOUT_SECONDS))[0]:
        task.cancel()
        raise DatabaseUnavailable("The database does not answer in time.")
    task.result()
