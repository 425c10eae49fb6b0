"""A shortener, a canary that nobody may reach, and a browser between them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import Client, Policy, ProxyLimits
from linkskipper.resolver import USER_AGENT, Hop, LinkResolver, PageReader, Resolution
from linkskipper.resolver.browser.engine import BrowserEngine
from support.browser import run_browser
from support.fake_dns import FakeDns
from support.one_port import TCP, UDP, bind_one_port, port_of
from support.shortener import HOST, OTHER, Shortener, page, provider

DESTINATION = "dest.test"
EVIL = "evil.test"
CONTINUE = {"use": "click", "selector": "#continue"}
LIMITS = ProxyLimits(connect_seconds=2, response_bytes=3_000_000)


@dataclass
class Canary:
    """Counts the connections to a port of several loopback addresses, and what is sent there by UDP."""

    port: int = 0
    connections: list[str] = field(default_factory=list)
    datagrams: int = 0

    async def serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Note a connection, and answer as a web server would."""
        self.connections.append(writer.get_extra_info("sockname")[0])
        writer.write(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    @property
    def touched(self) -> bool:
        """Whether anything came."""
        return bool(self.connections or self.datagrams)

    def forget(self) -> None:
        """Forget everything."""
        self.connections.clear()
        self.datagrams = 0


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, canary: Canary) -> None:
        self._canary = canary

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - asyncio's signature
        """Note a datagram."""
        self._canary.datagrams += 1


@dataclass
class World:
    """What a test puts in, and what it gets out.

    127.0.0.1 and 127.0.0.2 are private, and the canary is there. The policy opens 127.0.0.3: what reaches the canary
    there has contacted the destination. The shortener is at 127.0.0.1 by the host map, and at 127.0.0.3 without it. The
    canary is also on the shortener's port of 127.0.0.2.
    """

    shortener: Shortener
    canary: Canary
    dns: FakeDns
    policy: Policy
    engine: BrowserEngine

    @property
    def destination(self) -> str:
        """Return the URL that the test's links lead to."""
        return f"http://{DESTINATION}:{self.canary.port}/Path?q=%7e#Top"

    def put(self, body: str, path: str = "/link") -> None:
        """Set what the shortener has at a path."""
        self.shortener.put(path, page(f"<!doctype html><title>A page</title>{body}"))

    async def resolve(self, url: str = "/link", *others: dict[str, object], **fields: object) -> Resolution:
        """Resolve a link of the shortener. Its provider has these fields, and the catalog also has the others."""
        url = f"http://{HOST}{url}" if url.startswith("/") else url
        catalog = Catalog(Provider.model_validate(each) for each in (in_a_browser(**fields), *others))
        async with Client(self.policy, user_agent=USER_AGENT) as client, PageReader() as reader:
            return await LinkResolver(catalog, client, reader, browser=self.engine).resolve(url)


def in_a_browser(*hosts: str, **fields: object) -> dict[str, object]:
    """Return a provider's table, as its file would give it."""
    fields = {"engine": "browser", "steps": [CONTINUE], "limits": {"timeout": 20, "max_wait": 4}, **fields}
    return provider(*hosts, **fields)


def shown(hops: tuple[Hop, ...]) -> list[tuple[str | None, int | None, str]]:
    """Return what a trace says, without the times."""
    return [(hop.mechanism, hop.status, hop.url.removeprefix(f"http://{HOST}")) for hop in hops]


@asynccontextmanager
async def run_world(**options: object) -> AsyncIterator[World]:
    """Run everything until the context ends. The options are those of the browser."""
    shortener, canary = Shortener(), Canary()
    async with AsyncExitStack() as stack:
        sockets = bind_one_port((TCP, "127.0.0.1"), (TCP, "127.0.0.3"), (TCP, "127.0.0.2"))
        shortener.port = port_of(sockets)
        for serve, listening in zip((shortener.serve, shortener.serve, canary.serve), sockets, strict=True):
            stack.callback((await asyncio.start_server(serve, sock=listening)).close)
        await _run_canary(canary, stack)
        transport, dns = await asyncio.get_running_loop().create_datagram_endpoint(FakeDns, ("127.0.0.1", 0))
        stack.callback(transport.close)
        dns.port = transport.get_extra_info("sockname")[1]
        dns.set(DESTINATION, ["127.0.0.3"])
        dns.set(EVIL, ["127.0.0.2"])
        policy = Policy.parse(
            ports=["80", str(canary.port)],
            allow=[f"127.0.0.3:{canary.port}", f"127.0.0.3:{shortener.port}"],
            host_map=[f"{name}:80=127.0.0.1:{shortener.port}" for name in (HOST, OTHER)],
            extra_ca=None,
        )
        nameservers = [f"127.0.0.1:{dns.port}"]
        engine = await stack.enter_async_context(run_browser(policy, limits=LIMITS, nameservers=nameservers, **options))
        yield World(shortener, canary, dns, policy, engine)


async def _run_canary(canary: Canary, stack: AsyncExitStack) -> None:
    *listening, datagrams = bind_one_port(
        *((TCP, address) for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3")), (UDP, "127.0.0.1")
    )
    canary.port = port_of(listening)
    for each in listening:
        stack.callback((await asyncio.start_server(canary.serve, sock=each)).close)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(canary), sock=datagrams)
    stack.callback(transport.close)
