"""Connections that take and never give: clients that read nothing, and clients with too many connections."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from starlette.types import Receive, Scope, Send

from linkskipper.api import http_protocol
from linkskipper.api.connections import OpenConnections, TrustedProxies
from linkskipper.egress import client_network
from linkskipper.errors import SettingsError
from linkskipper.service import http_server, process
from linkskipper.service.http_server import ConnectionLimits
from support.service import Service

pytestmark = pytest.mark.attack

GET = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
CLIENTS = 100


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "WRITE_SECONDS", 0.5)


def connect(service: Service, source: str = "127.0.0.1") -> socket.socket:
    """Open a connection whose client can hold little that it has not read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.bind((source, 0))
    host, port = service.url.removeprefix("http://").split(":")
    client.connect((host, int(port)))
    client.settimeout(0)
    return client


async def is_ended(client: socket.socket) -> bool:
    """Tell whether the service has ended a connection, without reading from it."""
    info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return info[0] != 1  # TCP_ESTABLISHED


async def until_ended(clients: list[socket.socket]) -> None:
    async with asyncio.timeout(60):
        while not all([await is_ended(client) for client in clients]):
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("requests", [100, 3000])
async def test_clients_that_read_nothing(service: Service, requests: int) -> None:
    """100 clients without a key ask for more than a connection holds, and read nothing. All of them are ended."""
    clients = [connect(service) for _ in range(CLIENTS)]
    for client in clients:
        client.send(GET * requests)
    async with service.session.get("/healthz") as response:
        assert response.status == 200
    await until_ended(clients)
    for client in clients:
        client.close()


@pytest.mark.usefixtures("quick")
async def test_a_client_that_reads_drop_by_drop(service: Service) -> None:
    """A client that reads a few bytes now and then holds no connection either."""
    client = connect(service)
    client.send(GET * 100)
    async with asyncio.timeout(60):
        while not await is_ended(client):
            with suppress(BlockingIOError):
                client.recv(64)
            await asyncio.sleep(0.05)
    client.close()


@pytest.mark.usefixtures("quick")
async def test_a_slow_client_gets_all(service: Service) -> None:
    """A client that reads slowly, and faster than the limit, gets every response whole."""
    client = connect(service)
    times, received = 12, b""
    client.send(GET * (times - 1) + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    async with asyncio.timeout(60):
        while part := await asyncio.get_running_loop().sock_recv(client, 64 * 1024):
            received += part
            await asyncio.sleep(0.02)
    client.close()
    assert received.count(b"HTTP/1.1 200 OK") == times
    assert received.endswith(b"}")


@pytest.mark.usefixtures("quick")
async def test_a_connection_that_is_closed_while_nobody_reads() -> None:
    """A response that the client never takes ends with the connection, even where the server closes it."""

    async def app(_: Scope, __: Receive, send: Send) -> None:
        headers = [(b"content-length", b"%d" % 8_000_000), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x" * 8_000_000})

    listener = process.listen("127.0.0.1", 0)
    async with http_server.serving(app, listener, base_url=""):
        client = socket.create_connection(listener.getsockname())
        client.send(GET)
        async with asyncio.timeout(60):
            while not await is_ended(client):
                await asyncio.sleep(0.05)
        client.close()


@asynccontextmanager
async def limited(limits: ConnectionLimits) -> AsyncIterator[tuple[str, int]]:
    """Serve an application that answers each request with ok."""

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    listener = process.listen("127.0.0.1", 0)
    async with http_server.serving(app, listener, base_url="", limits=limits):
        yield listener.getsockname()


async def ask(address: tuple[str, int], source: str) -> tuple[socket.socket, bytes]:
    """Open a connection and send a request. Return the connection, still open, and the head of the answer."""
    loop = asyncio.get_running_loop()
    client = socket.socket()
    client.bind((source, 0))
    client.settimeout(0)
    await loop.sock_connect(client, address)
    await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    async with asyncio.timeout(20):
        return client, (await loop.sock_recv(client, 4096)).split(b"\r\n\r\n")[0]


async def answers(address: tuple[str, int], *sources: str) -> list[bytes]:
    """Return the status lines of connections that are open together."""
    pairs = [await ask(address, source) for source in sources]
    for client, _ in pairs:
        client.close()
    return [head.removeprefix(b"HTTP/1.1 ")[:3] for _, head in pairs]


async def test_a_refused_connection_is_told_when_to_return() -> None:
    """The 503 for a connection too many has Retry-After, as every `service_unavailable` has."""
    async with limited(ConnectionLimits(total=20, per_address=1)) as address:
        (kept, _), (refused, head) = await ask(address, "127.0.0.1"), await ask(address, "127.0.0.1")
        assert b"\r\nretry-after: 2\r\n" in head
        kept.close()
        refused.close()


async def test_connections_of_one_address() -> None:
    """One address has its number of connections and no more. Another address is served, and a closed one makes room."""
    async with limited(ConnectionLimits(total=20, per_address=3)) as address:
        assert await answers(address, *["127.0.0.1"] * 4, "127.0.0.2") == [b"200"] * 3 + [b"503", b"200"]
        await asyncio.sleep(0.1)
        assert await answers(address, *["127.0.0.1"] * 3) == [b"200"] * 3


async def test_connections_in_all() -> None:
    """Many addresses together have a limit too."""
    async with limited(ConnectionLimits(total=6, per_address=3)) as address:
        sources = [f"127.0.0.{number % 6 + 1}" for number in range(7)]
        assert await answers(address, *sources) == [b"200"] * 6 + [b"503"]


async def test_a_trusted_proxy_carries_many_clients() -> None:
    """The limit of one address does not hold for a trusted proxy. The limit in all does."""
    async with limited(ConnectionLimits(total=6, per_address=2, proxies=("127.0.0.1",))) as address:
        assert await answers(address, *["127.0.0.1"] * 7) == [b"200"] * 6 + [b"503"]


async def test_files_are_left_for_workers() -> None:
    """Connections take at most half of the files that the process may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    server = http_server.HttpServer(lambda *_: None, "", ConnectionLimits(total=10**9, per_address=10**9))  # type: ignore[arg-type]
    connections = server.config.http.keywords["open_connections"]  # type: ignore[union-attr]
    assert (connections._limit, connections._limit_per_address) == (soft // 2, soft // 4)
    assert hard >= soft


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("", ""),
    ],
)
def test_what_counts_as_one_client(address: str, network: str) -> None:
    """An IPv6 client owns a /64, so its addresses count together."""
    assert client_network(address) == network


def test_counts_return_to_zero() -> None:
    """Nothing is kept of connections that ended."""
    connections = OpenConnections(2, 2, TrustedProxies())
    assert [connections.add("192.0.2.1") for _ in range(3)] == [True, True, False]
    for _ in range(3):
        connections.remove("192.0.2.1")
    assert (connections._total, dict(connections._by_client)) == (0, {})


def test_a_wrong_proxy() -> None:
    """The error names the setting."""
    with pytest.raises(SettingsError, match="LINKSKIPPER_TRUSTED_PROXIES"):
        TrustedProxies(["proxy.example"])
