"""The arena, on the fixtures of the rooms that it is made of."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from egress.fake_dns import FakeDns
from egress.wire import Wire
from linkskipper.egress import Client
from resolver.conftest import bench
from resolver.shortener import Shortener
from safety.arena import Arena, policy

__all__ = ["bench"]


@pytest.fixture(scope="session")
async def shared_arena() -> AsyncIterator[Arena]:
    """A shortener, a canary on several loopback addresses, a name server, and a client for all tests."""
    shortener, canary = Shortener(), Wire()
    servers = [await asyncio.start_server(shortener.serve, "127.0.0.1", 0)]
    shortener.port = servers[0].sockets[0].getsockname()[1]
    servers.append(await asyncio.start_server(canary.serve, "127.0.0.1", 0))
    canary.port = servers[1].sockets[0].getsockname()[1]
    servers.append(await asyncio.start_server(canary.serve, ["127.0.0.2", "127.0.0.3"], canary.port))
    loop = asyncio.get_running_loop()
    transport, dns = await loop.create_datagram_endpoint(FakeDns, local_addr=("127.0.0.1", 0))
    dns.port = transport.get_extra_info("sockname")[1]
    guard = policy(shortener, canary)
    async with Client(guard, user_agent="Test/1", nameservers=[f"127.0.0.1:{dns.port}"]) as client:
        yield Arena(shortener, canary, dns, client)
    transport.close()
    for server in servers:
        server.close()


@pytest.fixture
def arena(shared_arena: Arena) -> Arena:
    """The arena as if it were new."""
    for kept in (shared_arena.shortener.pages, shared_arena.dns.zone):
        kept.clear()
    for told in (shared_arena.shortener.asked, shared_arena.dns.asked, shared_arena.canary.requests):
        told.clear()
    shared_arena.canary.connections = 0
    return shared_arena
