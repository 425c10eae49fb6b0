"""Links that take their time, which the path says in seconds."""

import asyncio

from linkskipper.lab.site import NOT_FOUND, Link, Site, destination
from linkskipper.lab.wire import Reply, Request, Script, redirect

MOST_SECONDS = 60


def _wait(request: Request) -> Reply:
    seconds, _, token = request.path.removeprefix("/").partition("/")
    if not seconds.isdecimal() or int(seconds) > MOST_SECONDS:
        return NOT_FOUND
    return _answer_after(int(seconds), token)


async def _answer_after(seconds: int, token: str) -> Script:
    await asyncio.sleep(seconds)
    yield redirect(destination(f"slow/{token}"), ("Connection", "close"))


def _link(seconds: int) -> Link:
    about = f"Answers after {seconds} seconds" if seconds else "Answers at once"
    return Link(f"/{seconds}/demo", about, target=destination("slow/demo"))


SLOW = Site(
    "slow",
    "Slow answers",
    "<code>/N/anything</code> answers after <var>N</var> seconds, sixty at most.",
    (_link(0), _link(1), _link(3), _link(10)),
    otherwise=_wait,
)
PREMIUM = Site(
    "premium",
    "Slow answers, premium tier",
    "The same, in the price class and queue of the dearer links.",
    (_link(0), _link(1), _link(3), _link(10)),
    otherwise=_wait,
)
IMPATIENT = Site(
    "impatient",
    "Slow answers, short of patience",
    "The same, but its provider file gives a link two seconds in all.",
    (_link(0), Link("/20/demo", "Takes longer than its provider may", reason="timeout")),
    otherwise=_wait,
)
