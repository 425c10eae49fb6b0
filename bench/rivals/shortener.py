"""A shortener for tools that cannot be told where a name leads: ``/x`` leads to a target that they may contact.

Asked as SHORTENER it leads to a public address, for tools that contact no target and would refuse a private one.
``/again/x`` leads there over one more redirect.
"""

import asyncio

from linkskipper.lab.server import LabServer
from linkskipper.lab.site import SiteDirectory
from linkskipper.lab.wire import LabReply, LabRequest, page, redirect
from linkskipper.service import process

SHORTENER = "short.bench.test"
HERE, TARGET = "127.0.0.1", "127.0.0.2"
PAGE = page("<!doctype html><title>A page</title><p>Here it ends.")


class Redirects(SiteDirectory):
    """Answers by host."""

    def __init__(self, port: int) -> None:
        super().__init__([], PAGE)
        self._port = port

    def reply(self, request: LabRequest) -> LabReply:
        """Return a redirect, or the target's page."""
        if request.host == TARGET:
            return PAGE
        if request.path.startswith("/again/"):
            return redirect(request.path.removeprefix("/again"), status=301)
        target = "https://example.com" if request.host == SHORTENER else f"http://{TARGET}:{self._port}"
        return redirect(f"{target}{request.path}", status=301)


async def serve() -> None:
    """Serve on a free port of two loopback addresses until a stop signal. Print the port."""
    listener = process.listen(HERE, 0)
    port = listener.getsockname()[1]
    server = LabServer(Redirects(port))
    with process.stop_requested() as stop:
        for each in (listener, process.listen(TARGET, port)):
            await server.listen(each)
        print(port, flush=True)
        await stop.wait()
        await server.stop()


if __name__ == "__main__":
    asyncio.run(serve())
