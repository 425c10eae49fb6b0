"""Shorteners that serve only so many visitors at once, or only so often, and refuse whoever overdoes it."""

import asyncio
import time

from linkskipper.lab.site import NOT_FOUND, Link, Site, destination
from linkskipper.lab.wire import Reply, Request, Script, redirect, response

AT_ONCE = 2
APART_SECONDS = 0.1
MOST_MILLISECONDS = 10_000
OVERDONE = response(403, ("Content-Type", "text/plain"), body=b"Not so many requests!\n")


def _crowd(request: Request) -> Reply:
    milliseconds, _, token = request.path.removeprefix("/").partition("/")
    if not milliseconds.isdecimal() or int(milliseconds) > MOST_MILLISECONDS:
        return NOT_FOUND
    return _serve(request, int(milliseconds) / 1000, token)


async def _serve(request: Request, seconds: float, token: str) -> Script:
    if request.memory.under_way[request.host] >= AT_ONCE:
        yield OVERDONE
        return
    request.memory.under_way[request.host] += 1
    try:
        await asyncio.sleep(seconds)
    finally:
        request.memory.under_way[request.host] -= 1
    yield redirect(destination(f"crowded/{token}"), ("Connection", "close"))


def _pace(request: Request) -> Reply:
    before, now = request.memory.last_asked.get(request.host), time.monotonic()
    request.memory.last_asked[request.host] = now
    if before is not None and now - before < APART_SECONDS:
        return OVERDONE
    if request.path.startswith("/two/"):
        return redirect(f"/one/{request.path.removeprefix('/two/')}")
    return redirect(destination(f"paced/{request.path.removeprefix('/one/')}"))


CROWDED = Site(
    "crowded",
    "Two at once",
    "<code>/N/anything</code> answers after <var>N</var> milliseconds; a third visitor meanwhile is refused.",
    (Link("/100/demo", "Answers after a tenth of a second", target=destination("crowded/demo")),),
    otherwise=_crowd,
)
PACED = Site(
    "paced",
    "One after the other",
    "<code>/one/anything</code> takes one request, <code>/two/anything</code> two; any that comes within a tenth of a"
    " second after another is refused.",
    (Link("/two/demo", "Two requests, which must not follow at once", target=destination("paced/demo")),),
    otherwise=_pace,
)
