"""Shorteners that limit the requests in progress, or their rate, and refuse all others."""

import asyncio
import time

from linkskipper.lab.site import NOT_FOUND, Site, SiteLink, destination
from linkskipper.lab.wire import ByteStream, LabReply, LabRequest, redirect, response

MAX_IN_PROGRESS = 2
MIN_INTERVAL_SECONDS = 0.1
MAX_MILLISECONDS = 10_000
REFUSED = response(403, ("Content-Type", "text/plain"), body=b"Too many requests.\n")


def _crowd(request: LabRequest) -> LabReply:
    milliseconds, _, token = request.path.removeprefix("/").partition("/")
    if not milliseconds.isdecimal() or int(milliseconds) > MAX_MILLISECONDS:
        return NOT_FOUND
    return _serve(request, int(milliseconds) / 1000, token)


async def _serve(request: LabRequest, seconds: float, token: str) -> ByteStream:
    if request.memory.in_progress[request.host] >= MAX_IN_PROGRESS:
        yield REFUSED
        return
    request.memory.in_progress[request.host] += 1
    try:
        await asyncio.sleep(seconds)
    finally:
        request.memory.in_progress[request.host] -= 1
    yield redirect(destination(f"crowded/{token}"), ("Connection", "close"))


def _pace(request: LabRequest) -> LabReply:
    before, now = request.memory.last_requests.get(request.host), time.monotonic()
    request.memory.last_requests[request.host] = now
    if before is not None and now - before < MIN_INTERVAL_SECONDS:
        return REFUSED
    if request.path.startswith("/two/"):
        return redirect(f"/one/{request.path.removeprefix('/two/')}")
    return redirect(destination(f"paced/{request.path.removeprefix('/one/')}"))


CROWDED = Site(
    "crowded",
    "Two in progress",
    "<code>/N/anything</code> answers after <var>N</var> milliseconds. A third request at the same time is refused.",
    (SiteLink("/100/demo", "Answers after a tenth of a second", target=destination("crowded/demo")),),
    otherwise=_crowd,
)
PACED = Site(
    "paced",
    "Paced requests",
    "<code>/one/anything</code> takes one request, <code>/two/anything</code> takes two. A request within a tenth of a"
    " second after another is refused.",
    (SiteLink("/two/demo", "Two requests, at least a tenth of a second apart", target=destination("paced/demo")),),
    otherwise=_pace,
)
