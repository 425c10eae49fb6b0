"""A receiver of webhooks that costs little compared to what it measures, in its own process or in the benchmark's."""

import asyncio
import re
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import trustme

from linkskipper.service import process

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
NAMES = ("hook.example", "*.hook.example")


class Receiver(asyncio.Protocol):
    """Answers each whole request with 204 and passes on its body."""

    def __init__(self, told: Callable[[bytes], None]) -> None:
        self._told = told
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own do not inherit from it

    def data_received(self, data: bytes) -> None:
        """Collect a request, and answer it."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if found and length and len(body) >= int(length[1]) and self._transport is not None:
            self._buffer = b""
            self._told(body)
            self._transport.write(ANSWER)


async def listen(folder: Path, told: Callable[[bytes], None]) -> int:
    """Listen with a certificate whose authority is written into the folder. Return the port."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*NAMES).configure_cert(context)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Receiver(told), "127.0.0.1", 0, ssl=context, backlog=1000)
    port: int = server.sockets[0].getsockname()[1]
    return port


async def serve(folder: Path) -> None:
    """Listen until a stop signal. Print the port."""
    with process.stop_requested() as stop:
        print(await listen(folder, lambda _: None), flush=True)
        await stop.wait()


if __name__ == "__main__":
    process.run(serve(Path(sys.argv[1])))
