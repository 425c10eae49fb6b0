"""Webhook receivers: real HTTPS servers that record their requests and can misbehave."""

import asyncio
import contextlib
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import trustme

SECONDS = 60
NAMES = [f"receiver-{number}.hook.example" for number in range(60)]


@dataclass(frozen=True)
class Received:
    """A received request."""

    host: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)


Script = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int, *lines: str, body: bytes = b"") -> Script:
    """Make a script that sends a response and keeps the connection."""
    head = "\r\n".join([f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *lines, "", ""]).encode()

    async def write(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(head + body)
        await writer.drain()

    return write


OK = answer(200)


async def hang_up(_: Received, writer: asyncio.StreamWriter) -> None:
    """Close the connection instead of answering."""
    writer.close()


def in_turn(answers: list[Script]) -> Script:
    """Make a script that runs one of the scripts for each request, in turn."""

    async def next_one(request: Received, writer: asyncio.StreamWriter) -> None:
        await answers.pop(0)(request, writer)

    return next_one


@dataclass
class Receiver:
    """A server for hook.example and its subdomains. `scripts` answer for hosts, `script` for all other hosts."""

    ca: trustme.CA
    ca_file: Path
    address: str = "127.0.0.1"
    port: int = 0
    script: Script = OK
    scripts: dict[str, Script] = field(default_factory=dict)
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    under_way: Counter[str] = field(default_factory=Counter)
    most_under_way: Counter[str] = field(default_factory=Counter)
    _numbers: Iterator[int] = field(default_factory=count)
    _arrival: asyncio.Condition = field(default_factory=asyncio.Condition)

    def host(self, script: Script = OK) -> str:
        """Return a host that no other test uses, and that runs the script."""
        host = NAMES[next(self._numbers)]
        self.scripts[host] = script
        return host

    def url(self, host: str = "hook.example") -> str:
        """Return a new URL at the host."""
        return f"https://{host}/{uuid4().hex}"

    @property
    def host_map(self) -> list[str]:
        """Return the host map that leads to this server."""
        return [f"{host}:443={self.address}:{self.port}" for host in ("hook.example", *NAMES)]

    def at(self, url: str) -> list[Received]:
        """Return the requests for a URL."""
        return [request for request in self.requests if url == f"https://{request.host}{request.path}"]

    async def received(self, url: str, count: int = 1) -> list[Received]:
        """Wait for a number of requests for a URL, and return them."""
        async with asyncio.timeout(SECONDS), self._arrival:
            await self._arrival.wait_for(lambda: len(self.at(url)) >= count)
        return self.at(url)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while True:
                request = await _read(reader)
                async with self._arrival:
                    self.requests.append(request)
                    self._arrival.notify_all()
                await self._answer(request, writer)
        writer.close()

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> None:
        self.under_way[request.host] += 1
        self.most_under_way |= self.under_way
        try:
            await self.scripts.get(request.host, self.script)(request, writer)
        finally:
            self.under_way[request.host] -= 1


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Received(headers["host"], first.split()[1], headers, body)


@asynccontextmanager
async def run_receiver(folder: Path, *names: str, address: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    """Run a receiver with a certificate for the names, by default hook.example and its subdomains."""
    ca = trustme.CA()
    ca_file = folder / "receiver-ca.pem"
    ca.cert_pem.write_to_path(ca_file)
    receiver = Receiver(ca, ca_file, address)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*(names or ("hook.example", "*.hook.example"))).configure_cert(context)
    server = await asyncio.start_server(receiver.serve, address, 0, ssl=context, backlog=1000)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
