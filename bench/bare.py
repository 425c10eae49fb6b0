"""A raw ASGI handler that decodes and encodes the same bodies as the service, and does nothing else."""

from uuid import UUID

import msgspec
from starlette.types import Receive, Scope, Send

from linkskipper.api.body import ResolveRequest
from linkskipper.api.routes.jobs import JobResponse
from linkskipper.api.routes.resolve import ResolvedResponse
from linkskipper.jobs import JobStatus
from linkskipper.service import http_server, process

TARGET = "https://example.com/landing/x"
JOB = JobResponse(UUID("01900000-0000-7000-8000-000000000000"), JobStatus.DONE, 1, 9, TARGET, "lab-bulk", "standard")

decode = msgspec.json.Decoder(ResolveRequest).decode
encode = msgspec.json.Encoder().encode


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a resolve as if its link were cached, and any other call with a job."""
    response: msgspec.Struct = JOB
    if scope["method"] == "POST":
        request = decode(await _read_body(receive))
        response = ResolvedResponse(
            *(None, "done", request.url, TARGET, "lab-bulk", "standard", 0), cached=True, balance=9
        )
    body = encode(response)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _read_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    return body


async def serve() -> None:
    """Serve on any free port, which is printed, until a stop signal."""
    listener = process.listen("127.0.0.1", 0)
    with process.stop_requested() as stop:
        async with http_server.serving(app, listener, base_url=""):
            print(process.address_of(listener), flush=True)
            await process.stay(stop)


if __name__ == "__main__":
    process.run(serve())
