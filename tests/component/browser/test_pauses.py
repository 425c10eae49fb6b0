"""A process that stands still while its browser shows a page blames no link for it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from linkskipper.resolver import Resolution

pytestmark = [pytest.mark.slow, pytest.mark.browser]

TARGET = "https://dest.example/"
REDIRECT = f"HTTP/1.1 302 X\r\nLocation: {TARGET}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
PAUSE_SECONDS = 2.0
CUTS = 2
"""As many as a link without a pause may have before it ends."""

PROGRAM = """
import asyncio, sys, msgspec
from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import Client, Policy
from linkskipper.resolver import LinkResolver, PageReader
from support.browser import run_browser
from support.shortener import provider

async def main(port):
    catalog = Catalog([Provider.model_validate(provider("s.test", engine="browser", limits={"timeout": 60}))])
    policy = Policy.parse(ports=["80"], allow=[], host_map=[f"s.test:80=127.0.0.1:{port}"], extra_ca=None)
    async with Client(policy, user_agent="Test/1") as client, run_browser(policy, contexts=1) as browser:
        resolution = await LinkResolver(catalog, client, PageReader(), browser=browser).resolve("http://s.test/x")
    sys.stdout.buffer.write(msgspec.json.encode(resolution))

asyncio.run(main(*sys.argv[1:]))
"""


class CuttingServer:
    """Cuts the connections of the first requests, and redirects the later ones.

    It answers none before `goes_on` is set.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.asked = asyncio.Event()
        self.goes_on = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.requests += 1
            is_cut = self.requests <= CUTS
            self.asked.set()
            await self.goes_on.wait()
            if is_cut:
                writer.transport.abort()
                return
            writer.write(REDIRECT)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[CuttingServer, int]]:
    server = CuttingServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    yield server, listening.sockets[0].getsockname()[1]
    listening.close()


async def test_a_connection_that_was_cut_meanwhile() -> None:
    """A connection that is cut while the process stands still is none of the attempts that a link has."""
    tests = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(tests), str(tests.parent)))}
    async with serving() as (server, port):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, str(port), stdout=PIPE, stderr=PIPE, env=environment
        )
        try:
            async with asyncio.timeout(120):
                await server.asked.wait()
                process.send_signal(signal.SIGSTOP)
                server.goes_on.set()
                await asyncio.sleep(PAUSE_SECONDS)
                process.send_signal(signal.SIGCONT)
                out, error = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert out, error.decode()
    resolution = msgspec.json.decode(out, type=Resolution)
    assert (resolution.target_url, server.requests) == (TARGET, CUTS + 1)
