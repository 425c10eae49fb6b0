"""A shortener over TLS that takes its time: each request is answered with a redirect after 50 ms.

`/direct/…` answers with an empty page instead, for tools that would follow a redirect. `/fresh/…` closes
its connection.
"""

import asyncio
import ssl
import sys
from pathlib import Path
from typing import cast

import trustme

from linkskipper.service import process

SECONDS = 0.05
HOST = "slow.bench.test"
NAMES = (HOST, "localhost")
BODY = b"\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"
LAST = b"\r\nConnection: close" + BODY


class SlowShortener(asyncio.Protocol):
    """Answers each request on its own connection, one after the other."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own do not inherit from it

    def data_received(self, data: bytes) -> None:
        """Gather a request and answer it later."""
        self._buffer += data
        if self._buffer.endswith(b"\r\n\r\n"):
            path = self._buffer.split(b" ", 2)[1]
            self._buffer = b""
            asyncio.get_running_loop().call_later(SECONDS, self._answer, path)

    def _answer(self, path: bytes) -> None:
        assert self._transport is not None
        if path.startswith(b"/direct/"):
            self._transport.write(b"HTTP/1.1 200 OK" + BODY)
        else:
            end = LAST if path.startswith(b"/fresh/") else BODY
            self._transport.write(b"HTTP/1.1 301 Moved\r\nLocation: https://example.com" + path + end)
            if end is LAST:
                self._transport.close()


async def serve(folder: Path) -> None:
    """Listen until a stop signal. Write the authority into the folder and print the port."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*NAMES).configure_cert(context)
    with process.stop_requested() as stop:
        server = await asyncio.get_running_loop().create_server(
            SlowShortener, "127.0.0.1", 0, ssl=context, backlog=process.BACKLOG
        )
        print(server.sockets[0].getsockname()[1], flush=True)
        await stop.wait()


if __name__ == "__main__":
    process.run(serve(Path(sys.argv[1])))
