"""Links whose response takes the number of seconds in their path."""

import asyncio

from linkskipper.lab.site import NOT_FOUND, Site, SiteLink, destination
from linkskipper.lab.wire import ByteStream, LabReply, LabRequest, redirect

MAX_SECONDS = 60


def _wait(request: LabRequest) -> LabReply:
    seconds, _, token = request.path.removeprefix("/").partition("/")
    if not seconds.isdecimal() or int(seconds) > MAX_SECONDS:
        return NOT_FOUND
    return _answer_after(int(seconds), token)


async def _answer_after(seconds: int, token: str) -> ByteStream:
    await asyncio.sleep(seconds)
    yield redirect(destination(f"slow/{token}"), ("Connection", "close"))


def _link(seconds: int) -> SiteLink:
    about = f"Answers after {seconds} seconds" if seconds else "Answers at once"
    return SiteLink(f"/{seconds}/demo", about, target=destination("slow/demo"))


SLOW = Site(
    "slow",
    "Slow answers",
    "<code>/N/anything</code> answers after <var>N</var> seconds, at most sixty.",
    (_link(0), _link(1), _link(3), _link(10)),
    otherwise=_wait,
)
PREMIUM = Site(
    "premium",
    "Slow answers, premium tier",
    "The same, in the premium tier and its queue.",
    (_link(0), _link(1), _link(3), _link(10)),
    otherwise=_wait,
)
IMPATIENT = Site(
    "impatient",
    "Slow answers, short timeout",
    "The same, with a provider file that allows two seconds per link.",
    (_link(0), SiteLink("/20/demo", "Takes longer than the provider file allows", reason="timeout")),
    otherwise=_wait,
)
