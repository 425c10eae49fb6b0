"""Health and metrics for whatever monitors the process."""

import asyncio
from collections.abc import Coroutine, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from linkskipper.api.request import Request
from linkskipper.api.responses import NO_STORE, ApiResponse, Responder, text_response
from linkskipper.api.services import Services
from linkskipper.database import Pool
from linkskipper.database.schema import require_current
from linkskipper.errors import DatabaseUnavailable, SchemaError

READY_TIMEOUT_SECONDS = 2


def health_routes(services: Services) -> Mapping[str, Responder]:
    """Return the routes by path."""

    async def healthz(_request: Request) -> ApiResponse:
        """Answer as long as the process is alive."""
        return text_response("ok\n", headers=[NO_STORE])

    async def readyz(_request: Request) -> ApiResponse:
        """Answer 200 if the database answers, its schema is current, and the workers are connected to their queues."""
        problem = await _problem(services)
        return text_response(f"{problem or 'ok'}\n", status=503 if problem else 200, headers=[NO_STORE])

    async def metrics(_request: Request) -> ApiResponse:
        """Return the metrics for Prometheus."""
        return text_response(generate_latest().decode(), content_type=CONTENT_TYPE_LATEST, headers=[NO_STORE])

    return {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}


async def _problem(services: Services) -> str | None:
    try:
        await _with_timeout(_check_schema(services.pool))
    except SchemaError as error:
        return str(error)
    except DatabaseUnavailable:
        return "the database does not answer"
    return None if services.workers_ready() else "the workers are not connected to their queues"


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
