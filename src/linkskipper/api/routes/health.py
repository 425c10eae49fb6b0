"""Is it alive, and is it ready? For whatever watches over the process."""

import asyncio
from collections.abc import Coroutine

from litestar import MediaType, Response
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from linkskipper.api.backend import Services
from linkskipper.api.reading import get
from linkskipper.database import Pool
from linkskipper.database.schema import require_current
from linkskipper.errors import DatabaseUnavailable, SchemaError

READY_SECONDS = 2


def routes(backend: Services) -> list[HTTPRouteHandler]:
    """The route handlers."""

    @get("/healthz", media_type=MediaType.TEXT, sync_to_thread=False)
    def healthz() -> str:
        """The process lives."""
        return "ok\n"

    @get("/readyz", media_type=MediaType.TEXT)
    async def readyz() -> Response[str]:
        """The database answers, its schema is right, the workers are at their queues."""
        problem = await _problem(backend)
        return Response(f"{problem or 'ok'}\n", status_code=503 if problem else 200, media_type=MediaType.TEXT)

    @get("/metrics", sync_to_thread=False)
    def metrics() -> Response[bytes]:
        """Figures for Prometheus."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [healthz, readyz, metrics]


async def _problem(backend: Services) -> str | None:
    try:
        await _in_time(_check_schema(backend.pool))
    except SchemaError as error:
        return str(error)
    except DatabaseUnavailable:
        return "the database does not answer"
    return None if backend.workers_ready() else "the workers are not at their queues"


async def _check_schema(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await require_current(connection)


async def _in_time(check: Coroutine[None, None, None]) -> None:
    """Wait for a check so long, and not even until it is broken off: a server that hangs holds that up too."""
    task = asyncio.create_task(check)
    if not (await asyncio.wait([task], timeout=READY_SECONDS))[0]:
        task.cancel()
        raise DatabaseUnavailable("The database does not answer in time.")
    task.result()
