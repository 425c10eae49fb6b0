"""A process that stands still for a while blames no link and no host for it."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import pytest

from linkskipper.resolver import Resolution

pytestmark = pytest.mark.slow

TARGET = "https://dest.example/"
REDIRECT = f"HTTP/1.1 302 X\r\nLocation: {TARGET}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
CUT = b"cut"
CUT_SECONDS = 0.3  # less than FETCH_SECONDS
FETCH_SECONDS = 1.0
PAUSE_SECONDS = 3.5
LINK_SECONDS = 3.0
PROGRAM = f"""
import asyncio, sys, msgspec
from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import Client, FetchLimits, Policy
from linkskipper.resolver import LinkResolver, PageReader

async def main(port, steps):
    table = {{"id": "s", "label": "S", "hosts": ["s.test"], "tier": "standard"}}
    table["limits"] = {{"timeout": {LINK_SECONDS}}}
    catalog = Catalog([Provider.model_validate(table | msgspec.json.decode(steps))])
    policy = Policy.parse(ports=["80"], allow=[], host_map=[f"s.test:80=127.0.0.1:{{port}}"], extra_ca=None)
    limits = FetchLimits(connect_seconds={FETCH_SECONDS}, fetch_seconds={FETCH_SECONDS})
    async with Client(policy, user_agent="Test/1", limits=limits) as client:
        resolution = await LinkResolver(catalog, client, PageReader()).resolve("http://s.test/x")
    sys.stdout.buffer.write(msgspec.json.encode(resolution))

asyncio.run(main(*sys.argv[1:]))
"""


@dataclass
class SilentServer:
    """Answers a request with the next of its replies. `b""` stands for an answer that never comes, and CUT for a
    connection that is cut soon after the request.

    `asked` is set once the request with the number `pause_at` has come.
    """

    replies: list[bytes]
    pause_at: int = 1
    requests: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            await reader.readuntil(b"\r\n\r\n")
            reply = self.replies[min(self.requests, len(self.replies) - 1)]
            self.requests += 1
            if self.requests == self.pause_at:
                self.asked.set()
            if reply == CUT:
                await asyncio.sleep(CUT_SECONDS)
                writer.transport.abort()
                return
            writer.write(reply)
            await (writer.drain() if reply else reader.read())
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(*replies: bytes) -> AsyncIterator[SilentServer]:
    server = SilentServer(list(replies))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


async def resolve(server: SilentServer, *, pause: bool, table: str = "{}") -> Resolution:
    """Resolve a link in another process, which stands still as soon as its request has come."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(server.port), table, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(60):
            await server.asked.wait()
            if pause:
                await stand_still(process)
            out, error = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert out, error.decode()
    return msgspec.json.decode(out, type=Resolution)


async def stand_still(process: Process) -> None:
    """Stop a process for longer than its link has time."""
    process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(PAUSE_SECONDS)
    process.send_signal(signal.SIGCONT)


async def test_a_request_that_expired_meanwhile_is_sent_again() -> None:
    """The time of the link and of its request is over when the process continues. The link still gets its answer."""
    async with serving(b"", REDIRECT) as server:
        resolution = await resolve(server, pause=True)
    assert (resolution.target_url, server.requests) == (TARGET, 2)


async def test_a_host_that_is_silent_without_a_pause() -> None:
    """Without a pause, the same silence is the host's fault."""
    async with serving(b"") as server:
        resolution = await resolve(server, pause=False)
    assert (resolution.reason, resolution.host_unresponsive, server.requests) == ("timeout", True, 1)


async def test_a_host_that_is_silent_after_a_pause_too() -> None:
    """After the pause, the host has its whole time again, and then it is at fault."""
    async with serving(b"") as server:
        resolution = await resolve(server, pause=True)
    assert (resolution.reason, resolution.host_unresponsive, server.requests) == ("timeout", True, 2)


async def test_a_connection_that_was_cut_meanwhile() -> None:
    """A connection that ended while the process stood still, as after a sleep, is none of the three attempts."""
    async with serving(CUT, CUT, CUT, REDIRECT) as server:
        resolution = await resolve(server, pause=True)
    assert (resolution.target_url, server.requests) == (TARGET, 4)


@pytest.mark.parametrize("lost", [b"", CUT], ids=["silent", "cut"])
async def test_a_form_is_not_sent_again(lost: bytes) -> None:
    """A form that the server may have accepted ends the link, and counts against nobody."""
    form = "<form method=post action=/y><input name=a value=b></form>"
    head = f"HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: {len(form)}\r\nConnection: close\r\n\r\n"
    async with serving(f"{head}{form}".encode(), lost) as server:
        server.pause_at = 2
        resolution = await resolve(server, pause=True, table='{"steps": [{"use": "submit", "selector": "form"}]}')
    assert (resolution.reason, resolution.host_unresponsive, server.requests) == ("timeout", False, 2)
    assert resolution.service_failed
