"""Servers that fail, lie, or never come to an end."""

import asyncio
import zlib

from linkskipper.lab.site import NOT_FOUND, Link, Site, destination
from linkskipper.lab.wire import HTML, Answer, Reply, Request, Script, chunks, head, redirect, response

RECOVERED = destination("recovered")
HALF_A_PAGE = head(200, ("Content-Type", HTML), ("Content-Length", "1000")) + b"<!doctype html><p>This page is cut"
MEGABYTE = 1 << 20
GZIP = 16 + zlib.MAX_WBITS

FAILURES_ONCE = {"503": response(503), "429": response(429, ("Retry-After", "1"))}


def _reset(_request: Request) -> Reply:
    return chunks([], then_reset=True)


def _reset_midway(_request: Request) -> Reply:
    return chunks([HALF_A_PAGE], then_reset=True)


def _hang_up(_request: Request) -> Reply:
    return chunks([])


def _cut_short(_request: Request) -> Reply:
    return chunks([HALF_A_PAGE])


def _gibberish(_request: Request) -> Reply:
    return chunks([b"220 this is no web server\r\n"])


async def _endless(_request: Request) -> Script:
    yield head(200, ("Content-Type", HTML))
    while True:
        yield b"<p>And so on, and so on.</p>\n" * 1000


async def _bomb(_request: Request) -> Script:
    """Nothing but zeros: a kilobyte on the wire for each megabyte that it unpacks to."""
    packer = zlib.compressobj(wbits=GZIP)
    yield head(200, ("Content-Type", HTML), ("Content-Encoding", "gzip"))
    while True:
        yield packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_SYNC_FLUSH)


async def _drip(_request: Request) -> Script:
    yield head(200, ("Content-Type", HTML))
    while True:
        yield b" "
        await asyncio.sleep(1)


def _flood_of_headers(_request: Request) -> Reply:
    filler = [(f"X-Filler-{number}", "x" * 1000) for number in range(1000)]
    return response(302, *filler, ("Location", RECOVERED))


def _fail_once(request: Request) -> Reply:
    """Every other time that a link is asked for, /503-once/anything and /429-once/anything fail."""
    failure = FAILURES_ONCE.get(request.path[1:4])
    if failure is None or not request.path.startswith("-once/", 4):
        return NOT_FOUND
    if request.memory.take(request.path):
        return redirect(RECOVERED)
    request.memory.put(request.path, True)  # noqa: FBT003 - the thing remembered
    return failure


def _failing(path: str, about: str, answer: Answer) -> Link:
    return Link(path, about, answer, reason="upstream_error")


BROKEN = Site(
    "broken",
    "Broken servers",
    "Servers that fail, lie, or never come to an end.",
    (
        Link("/503-once/demo", "Unavailable at first; fine when asked again", target=RECOVERED),
        Link("/429-once/demo", "Asks to come back in a second; fine then", target=RECOVERED),
        _failing("/429", "Asks to come back in an hour", response(429, ("Retry-After", "3600"))),
        _failing("/500", "Fails every time", response(500)),
        _failing("/reset", "Resets the connection", _reset),
        _failing("/reset-midway", "Resets the connection in the middle of a page", _reset_midway),
        _failing("/hang-up", "Closes the connection without an answer", _hang_up),
        _failing("/cut-short", "Sends less than it announced", _cut_short),
        _failing("/gibberish", "Does not speak HTTP", _gibberish),
        Link("/endless", "A page without an end", _endless, reason="body_too_large"),
        Link("/bomb", "A small body that unpacks to an endless one", _bomb, reason="body_too_large"),
        Link("/headers", "A megabyte of headers", _flood_of_headers, reason="body_too_large"),
        Link("/drip", "One byte a second", _drip, reason="timeout"),
        Link(
            "/not-html",
            "A file, not a page",
            response(200, ("Content-Type", "application/octet-stream"), body=bytes(range(256))),
            reason="no_destination",
        ),
    ),
    otherwise=_fail_once,
)
