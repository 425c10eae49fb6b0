"""A server and a name server for each test, and clients to try on them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from egress.clients import Clients
from egress.fake_dns import FakeDns
from egress.wire import Wire


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A server on several loopback addresses, all on one port."""
    made = Wire()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    others = await asyncio.start_server(made.serve, ["127.0.0.2", "127.0.0.3"], made.port)
    yield made
    server.close()
    others.close()


@pytest.fixture
async def dns() -> AsyncIterator[FakeDns]:
    """A name server of the test's own."""
    transport, made = await asyncio.get_running_loop().create_datagram_endpoint(FakeDns, local_addr=("127.0.0.1", 0))
    made.port = transport.get_extra_info("sockname")[1]
    yield made
    transport.close()


@pytest.fixture
async def clients(dns: FakeDns) -> AsyncIterator[Clients]:
    """Clients that ask the test's own name server and are closed after the test."""
    async with AsyncExitStack() as stack:
        yield Clients(stack, f"127.0.0.1:{dns.port}")
