"""A bare Litestar service that decodes and encodes the same bodies as ours and does nothing else, to compare with."""

from uuid import UUID

from litestar import Litestar, get, post

from linkskipper.api.body import ResolveRequest
from linkskipper.api.routes.jobs import JobAnswer
from linkskipper.api.routes.resolve import ResolvedAnswer
from linkskipper.jobs import JobStatus
from linkskipper.service import http_server, process

JOB = UUID("01900000-0000-7000-8000-000000000000")


@post("/v1/resolve", status_code=200)
async def resolve(data: ResolveRequest) -> ResolvedAnswer:
    """Answer as from a cache."""
    return ResolvedAnswer(
        None, "done", data.url, "https://example.com/landing/x", "lab-bulk", "standard", 0, cached=True, balance=9
    )


@get("/v1/job")
async def job() -> JobAnswer:
    """Answer as for a job that is done."""
    return JobAnswer(JOB, JobStatus.DONE, 1, 9, "https://example.com/landing/x", "lab-bulk", "standard")


async def serve() -> None:
    """Serve until a stop signal, on any free port, which is printed."""
    listener = process.listen("127.0.0.1", 0)
    app = Litestar([resolve, job], openapi_config=None, logging_config=None)
    with process.stop_requested() as stop:
        async with http_server.serving(app, listener, base_url=""):
            print(process.address_of(listener), flush=True)
            await process.stay(stop)


if __name__ == "__main__":
    process.run(serve())
