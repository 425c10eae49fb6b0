"""Servers that fail, lie, or never end their response."""

import asyncio
import zlib

from linkskipper.lab.site import NOT_FOUND, Site, SiteLink, destination
from linkskipper.lab.wire import HTML, ByteStream, LabReply, LabRequest, PageSource, chunks, head, redirect, response

RECOVERED = destination("recovered")
HALF_A_PAGE = head(200, ("Content-Type", HTML), ("Content-Length", "1000")) + b"<!doctype html><p>This page is cut"
MEGABYTE = 1 << 20
GZIP = 16 + zlib.MAX_WBITS

FAILURES_ONCE = {"503": response(503), "429": response(429, ("Retry-After", "1"))}


def _reset(_request: LabRequest) -> LabReply:
    return chunks([], then_reset=True)


def _reset_midway(_request: LabRequest) -> LabReply:
    return chunks([HALF_A_PAGE], then_reset=True)


def _hang_up(_request: LabRequest) -> LabReply:
    return chunks([])


def _cut_short(_request: LabRequest) -> LabReply:
    return chunks([HALF_A_PAGE])


def _gibberish(_request: LabRequest) -> LabReply:
    return chunks([b"220 this is not a web server\r\n"])


async def _endless(_request: LabRequest) -> ByteStream:
    yield head(200, ("Content-Type", HTML))
    while True:
        yield b"<p>And so on, and so on.</p>\n" * 1000


async def _bomb(_request: LabRequest) -> ByteStream:
    """Send zeros: a compressed kilobyte for each megabyte."""
    packer = zlib.compressobj(wbits=GZIP)
    yield head(200, ("Content-Type", HTML), ("Content-Encoding", "gzip"))
    while True:
        yield packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_SYNC_FLUSH)


async def _drip(_request: LabRequest) -> ByteStream:
    yield head(200, ("Content-Type", HTML))
    while True:
        yield b" "
        await asyncio.sleep(1)


def _flood_of_headers(_request: LabRequest) -> LabReply:
    filler = [(f"X-Filler-{number}", "x" * 1000) for number in range(1000)]
    return response(302, *filler, ("Location", RECOVERED))


def _fail_once(request: LabRequest) -> LabReply:
    """Fail every second request for a link under /503-once/ and /429-once/."""
    failure = FAILURES_ONCE.get(request.path[1:4])
    if failure is None or not request.path.startswith("-once/", 4):
        return NOT_FOUND
    if request.memory.take(request.path):
        return redirect(RECOVERED)
    request.memory.put(request.path, True)  # noqa: FBT003 - the stored value
    return failure


def _failing(path: str, about: str, answer: PageSource) -> SiteLink:
    return SiteLink(path, about, answer, reason="upstream_error")


BROKEN = Site(
    "broken",
    "Broken servers",
    "Servers that fail, lie, or never end their response.",
    (
        SiteLink("/503-once/demo", "Unavailable for the first request, then works", target=RECOVERED),
        SiteLink("/429-once/demo", "Asks to come back in a second, then works", target=RECOVERED),
        _failing("/429", "Asks to come back in an hour", response(429, ("Retry-After", "3600"))),
        _failing("/500", "Fails every time", response(500)),
        _failing("/reset", "Resets the connection", _reset),
        _failing("/reset-midway", "Resets the connection in the middle of a page", _reset_midway),
        _failing("/hang-up", "Closes the connection without a response", _hang_up),
        _failing("/cut-short", "Sends less than it announced", _cut_short),
        _failing("/gibberish", "Does not speak HTTP", _gibberish),
        SiteLink("/endless", "A page that never ends", _endless, reason="body_too_large"),
        SiteLink("/bomb", "A compressed body that never ends", _bomb, reason="body_too_large"),
        SiteLink("/headers", "A megabyte of headers", _flood_of_headers, reason="body_too_large"),
        SiteLink("/drip", "One byte per second", _drip, reason="timeout"),
        SiteLink(
            "/not-html",
            "A file, not a page",
            response(200, ("Content-Type", "application/octet-stream"), body=bytes(range(256))),
            reason="no_destination",
        ),
    ),
    otherwise=_fail_once,
)
