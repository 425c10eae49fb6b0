"""The browser's proxy, when any program that finds its port speaks to it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from linkskipper.egress import BodyTooLarge, BrowserProxy, Policy, ProxyLimits, ProxySession, Refused, Unreachable
from support.fake_dns import FakeDns
from support.wire import Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"
QUICK = ProxyLimits(connect_seconds=2)


@dataclass
class Way:
    """A proxy session that may reach `good.test`, a server of the test at 127.0.0.1."""

    lane: ProxySession

    async def say(self, text: str, body: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a request to the proxy."""
        reader, writer = await asyncio.open_connection("127.0.0.1", int(self.lane.server.rpartition(":")[2]))
        writer.write(text.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        return reader, writer

    async def ask(self, text: str, body: bytes = b"") -> bytes:
        """Send a request, and return the response to it."""
        reader, writer = await self.say(text, body)
        try:
            async with asyncio.timeout(20):
                head = await reader.readuntil(b"\r\n\r\n")
                return head + await reader.readexactly(2 if b"Length: 2" in head else 0)
        finally:
            writer.close()


@asynccontextmanager
async def way(wire: Wire, dns: FakeDns, limits: ProxyLimits = QUICK, *allowed: str) -> AsyncIterator[Way]:
    dns.set("good.test", ["127.0.0.1"])
    policy = Policy.parse(ports=["80", str(wire.port)], allow=[f"127.0.0.1:{wire.port}"], host_map=[], extra_ca=None)
    hosts = allowed or ("good.test",)
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(
            BrowserProxy(policy, limits=limits, nameservers=[f"127.0.0.1:{dns.port}"])
        )
        yield Way(await stack.enter_async_context(proxy.session(hosts.__contains__)))


async def test_a_plain_request(wire: Wire, dns: FakeDns) -> None:
    """A request goes out as it would to the server itself. The connection ends with the response."""
    async with way(wire, dns) as lane:
        answer = await lane.ask(
            f"GET http://good.test:{wire.port}/a?b=%7e HTTP/1.1\nHost: good.test\nProxy-Connection: keep-alive\nX-A: 1"
        )
    assert answer == OK.replace(b"plain\r\n", b"plain\r\nConnection: close\r\n")
    assert wire.requests == [
        f"GET /a?b=%7e HTTP/1.1\r\nHost: good.test:{wire.port}\r\nX-A: 1\r\nConnection: close\r\n\r\n".encode()
    ]


async def test_a_body(wire: Wire, dns: FakeDns) -> None:
    """The proxy passes on the announced length of a body. Bytes after it do not become another request."""
    async with way(wire, dns) as lane:
        head = f"POST http://good.test:{wire.port}/ HTTP/1.1\nContent-Length: 4"
        reader, writer = await lane.say(head, b"GET http://other.test/ HTTP/1.1\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.close()
    assert wire.connections == 1
    assert b"other.test" not in b"".join(wire.requests)


@pytest.mark.parametrize(("times", "ending"), [(8, b"ok"), (9, b"")])
async def test_interim_answers(wire: Wire, dns: FakeDns, times: int, ending: bytes) -> None:
    """The proxy skips up to eight interim responses. With one more, the connection ends."""

    async def put_off(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * times + OK)

    wire.script = put_off
    async with way(wire, dns) as lane:
        reader, writer = await lane.say(f"GET http://good.test:{wire.port}/ HTTP/1.1")
        async with asyncio.timeout(20):
            assert (await reader.read())[-2:] == ending
        writer.close()


async def test_a_tunnel(wire: Wire, dns: FakeDns) -> None:
    """CONNECT leads to the host. The bytes pass unchanged."""
    async with way(wire, dns) as lane:
        reader, writer = await lane.say(f"CONNECT good.test:{wire.port} HTTP/1.1\nHost: good.test")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert await reader.readexactly(len(OK)) == OK
        writer.close()
    assert wire.connections == 1


REFUSED = [
    "CONNECT other.test:{port} HTTP/1.1",
    "CONNECT 127.0.0.1:{port} HTTP/1.1",
    "CONNECT 127.0.0.2:{port} HTTP/1.1",
    "CONNECT [::1]:{port} HTTP/1.1",
    "CONNECT 2130706433:{port} HTTP/1.1",
    "CONNECT localhost:{port} HTTP/1.1",
    "CONNECT good.test:22 HTTP/1.1",
    "CONNECT sub.good.test:{port} HTTP/1.1",
    "GET http://other.test:{port}/ HTTP/1.1",
    "GET http://127.0.0.1:{port}/ HTTP/1.1",
    "GET http://good.test@127.0.0.1:{port}/ HTTP/1.1",
    "GET http://127.0.0.1:{port}\\@good.test/ HTTP/1.1",
    "GET https://good.test:{port}/ HTTP/1.1",
    "GET ftp://good.test:{port}/ HTTP/1.1",
    "GET file:///etc/passwd HTTP/1.1",
    "GET / HTTP/1.1\nHost: good.test:{port}",
    "GET http://good.test:{port}/ HTTP/1.1\nContent-Length: x",
    "POST http://good.test:{port}/ HTTP/1.1\nContent-Length: 1\nContent-Length: 1",
    "POST http://good.test:{port}/ HTTP/1.1\nContent-Length: 1\ncontent-length : 2",
    "POST http://good.test:{port}/ HTTP/1.1\nContent-Length: +1",
    "POST http://good.test:{port}/ HTTP/1.1\nContent-Length:",
    "POST http://good.test:{port}/ HTTP/1.1\nContent-Length: 0000000000000001",
    "POST http://good.test:{port}/ HTTP/1.1\nTransfer-Encoding: chunked",
    "GET http://good.test:{port}/ HTTP/1.1\nX: a\r b",
    "GET http://good.test:{port}/ HTTP/1.1\nX : a",
    "GET http://good.test:{port}/ HTTP/1.1\nX: a\n folded",
    "GET http://good.test:{port}/ HTTP/1.1\nX: a\0b",
    "GET http://good.test:{port}/ HTTP/1.1\nno field",
    "GET http://good.test:{port}/ HTTP/1.1\nnofield",
    "GET  http://good.test:{port}/ HTTP/1.1",
    "CONNECT",
    "",
]


@pytest.mark.parametrize("request_", REFUSED)
async def test_what_is_refused(wire: Wire, dns: FakeDns, request_: str) -> None:
    """Other hosts and ports, addresses in every spelling, and requests that no browser sends cause no connection."""
    async with way(wire, dns) as lane:
        answer = await lane.ask(request_.format(port=wire.port))
        assert set(lane.lane.failures) <= {"good.test"}
    assert answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 "))
    assert wire.connections == 0


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ((["127.0.0.2"],), Refused),
        ((["127.0.0.1", "10.0.0.1"],), Refused),
        ((["10.0.0.1"],), Refused),
        (("NXDOMAIN",), Unreachable),
        (("SERVFAIL",), Unreachable),
    ],
)
async def test_names_are_judged_by_what_they_lead_to(
    wire: Wire, dns: FakeDns, answers: tuple[list[str] | str, ...], failure: type[Exception]
) -> None:
    """The guard is that of all other connections. The session notes the reason, and its client sees no difference."""
    async with way(wire, dns) as lane:
        dns.set("good.test", *answers)
        answer = await lane.ask(f"CONNECT good.test:{wire.port} HTTP/1.1")
        assert answer.startswith(b"HTTP/1.1 403 ")
        noted = lane.lane.failures["good.test"]
        assert isinstance(noted, failure)
        assert noted.__traceback__ is None
    assert wire.connections == 0


async def test_rebinding(wire: Wire, dns: FakeDns) -> None:
    """Each connection is judged again."""
    async with way(wire, dns) as lane:
        dns.set("good.test", ["127.0.0.1"], ["127.0.0.2"])
        text = f"GET http://good.test:{wire.port}/ HTTP/1.1"
        assert [(await lane.ask(text))[9:12] for _ in range(2)] == [b"200", b"403"]


async def test_an_address_among_the_hosts(wire: Wire, dns: FakeDns) -> None:
    """A session that allows an address still gets no further than the guard allows."""
    async with way(wire, dns, QUICK, "127.0.0.1", "127.0.0.2", "::1") as lane:
        answers = [
            await lane.ask(f"CONNECT {host}:{wire.port} HTTP/1.1") for host in ("127.0.0.1", "127.0.0.2", "[::1]")
        ]
    assert [answer[9:12] for answer in answers] == [b"200", b"403", b"403"]


async def test_too_much(wire: Wire, dns: FakeDns) -> None:
    """Bytes from sites are counted over all connections. Over the limit, these end and the link is notified."""
    told = asyncio.Event()
    async with way(wire, dns, ProxyLimits(response_bytes=3 * len(OK))) as lane:
        lane.lane.on_overrun = told.set
        for _ in range(2):
            assert (await lane.ask(f"GET http://good.test:{wire.port}/ HTTP/1.1")).endswith(b"ok")
        assert not told.is_set()
        with pytest.raises(asyncio.IncompleteReadError):
            await lane.ask(f"GET http://good.test:{wire.port}/ HTTP/1.1")
        assert told.is_set()
        with pytest.raises(BodyTooLarge):
            lane.lane.count(b"x")


async def test_too_many_connections(wire: Wire, dns: FakeDns) -> None:
    """A link has a limited number of connections at the same time."""
    async with way(wire, dns, ProxyLimits(connections=2)) as lane:
        text = f"CONNECT good.test:{wire.port} HTTP/1.1"
        opened = [await lane.say(text) for _ in range(2)]
        for reader, _ in opened:
            await reader.readuntil(b"\r\n\r\n")
        assert (await lane.ask(text)).startswith(b"HTTP/1.1 403 ")
        opened[0][1].close()
        async with asyncio.timeout(20):
            while not (await lane.ask(text)).startswith(b"HTTP/1.1 200 "):
                pass
        opened[1][1].close()


async def test_the_lane_ends_with_its_link(wire: Wire, dns: FakeDns) -> None:
    """Its connections and its port are closed."""
    async with way(wire, dns) as lane:
        reader, writer = await lane.say(f"CONNECT good.test:{wire.port} HTTP/1.1")
        await reader.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await lane.say("GET / HTTP/1.1")


async def test_a_lane_that_ends_while_it_is_connected_to(wire: Wire, dns: FakeDns) -> None:
    """A connection that has arrived but is not served yet is closed too. None of its bytes are passed on."""
    async with way(wire, dns) as lane:
        reader, writer = await lane.say(f"CONNECT good.test:{wire.port} HTTP/1.1")
        async with asyncio.timeout(20):
            while not lane.lane.connections:
                await asyncio.sleep(0)
    assert not lane.lane.connections
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


@pytest.mark.attack
async def test_another_host_in_the_header(wire: Wire, dns: FakeDns) -> None:
    """The request's target decides which host the site sees. Repeated and other Host fields are dropped."""
    async with way(wire, dns) as lane:
        await lane.ask(f"GET http://good.test:{wire.port}/ HTTP/1.1\nHost: other.test\nHOST: other.test\nX: 1")
    assert wire.requests == [
        f"GET / HTTP/1.1\r\nHost: good.test:{wire.port}\r\nX: 1\r\nConnection: close\r\n\r\n".encode()
    ]


@pytest.mark.attack
@pytest.mark.parametrize(
    "head",
    [
        b"GET http://good.test:{port}/ HTTP/1.1\nX: 1\r\n\r\n",
        b"GET http://good.test:{port}/ HTTP/1.1\r\nX: 1\nY: 2\r\n\r\n",
        b"GET http://good.test:{port}/ HTTP/1.1\r\nX: 1\n\n",
        b"GET http://good.test:{port}/ HTTP/1.1\n\nGET http://other.test/ HTTP/1.1\r\n\r\n",
    ],
)
async def test_bare_line_feeds_in_requests(wire: Wire, dns: FakeDns, head: bytes) -> None:
    """A browser sends no bare line feeds, so a request with one is refused."""
    async with way(wire, dns) as lane:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(lane.lane.server.rpartition(":")[2]))
        writer.write(head.replace(b"{port}", str(wire.port).encode()))
        async with asyncio.timeout(20):
            assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
        writer.close()
    assert wire.connections == 0


RESPONSES = {
    "bare line feeds": (b"HTTP/1.1 200 OK\nContent-Length: 2\nX: 1\n\nok", b"Content-Length: 2\r\nX: 1\r\n"),
    "a folded line": (
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
        b"X: a b\r\nContent-Length: 2\r\n",
    ),
    "two equal lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        b"Content-Length: 2\r\n",
    ),
    "more than its length": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",
        b"Content-Length: 2\r\n",
    ),
    "no field": (b"HTTP/1.1 200 OK\r\nsmuggled\r\nContent-Length: 2\r\n\r\nok", b"Content-Length: 2\r\n"),
}


@pytest.mark.attack
@pytest.mark.parametrize(("reply", "fields"), RESPONSES.values(), ids=RESPONSES)
async def test_odd_responses(wire: Wire, dns: FakeDns, reply: bytes, fields: bytes) -> None:
    """The browser gets what the client's own parser has read, in one form, and no more than the length says."""
    wire.script = lambda _, writer: _write(writer, reply)
    async with way(wire, dns) as lane:
        reader, writer = await lane.say(f"GET http://good.test:{wire.port}/ HTTP/1.1")
        async with asyncio.timeout(20):
            answer = await reader.read()
        writer.close()
    assert answer == b"HTTP/1.1 200 OK\r\n" + fields + b"Connection: close\r\n\r\nok"


@pytest.mark.attack
@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: a\0\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 101 Switching\r\n\r\nok",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
    ],
)
async def test_responses_that_are_not_passed_on(wire: Wire, dns: FakeDns, reply: bytes) -> None:
    """The browser gets nothing of a response that the client would refuse."""
    wire.script = lambda _, writer: _write(writer, reply)
    async with way(wire, dns) as lane:
        reader, writer = await lane.say(f"GET http://good.test:{wire.port}/ HTTP/1.1")
        async with asyncio.timeout(20):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.attack
async def test_too_much_is_sent(wire: Wire, dns: FakeDns) -> None:
    """Bytes of a page are counted over all connections. Over the limit, these end and the link is notified."""
    told = asyncio.Event()
    async with way(wire, dns, ProxyLimits(request_bytes=50_000)) as lane:
        lane.lane.on_overrun = told.set
        head = f"POST http://good.test:{wire.port}/ HTTP/1.1\nContent-Length: 40000"
        assert (await lane.ask(head, b"x" * 40_000)).endswith(b"ok")
        assert not told.is_set()
        reader, writer = await lane.say(head, b"x" * 40_000)
        async with asyncio.timeout(20):
            assert await reader.read() == b""
        writer.close()
    assert told.is_set()


@pytest.mark.attack
async def test_too_many_connections_in_all(wire: Wire, dns: FakeDns) -> None:
    """A link has a limited number of connections over its whole time."""
    async with way(wire, dns, ProxyLimits(all_connections=3)) as lane:
        text = f"GET http://good.test:{wire.port}/ HTTP/1.1"
        assert [(await lane.ask(text))[9:12] for _ in range(4)] == [b"200"] * 3 + [b"403"]


@pytest.mark.attack
async def test_strangers_take_no_room(wire: Wire, dns: FakeDns) -> None:
    """Connections of other programs are closed and not counted. They fail no connection of the browser."""
    dns.set("good.test", ["127.0.0.1"])
    policy = Policy.parse(ports=[str(wire.port)], allow=[f"127.0.0.1:{wire.port}"], host_map=[], extra_ca=None)
    browsers: set[tuple[str, int]] = set()
    async with (
        BrowserProxy(policy, limits=ProxyLimits(connections=2), nameservers=[f"127.0.0.1:{dns.port}"]) as proxy,
        proxy.session({"good.test"}.__contains__, lambda theirs, _: theirs in browsers) as session,
    ):
        port = int(session.server.rpartition(":")[2])
        strangers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
        with socket.socket() as own:
            own.bind(("127.0.0.1", 0))
            browsers.add(own.getsockname())
            own.settimeout(0)
            await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", port))
            reader, writer = await asyncio.open_connection(sock=own)
            writer.write(f"GET http://good.test:{wire.port}/ HTTP/1.1\r\n\r\n".encode())
            async with asyncio.timeout(20):
                assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
                assert [await stranger.read() for stranger, _ in strangers] == [b""] * 50
            writer.close()
        for _, stranger_writer in strangers:
            stranger_writer.close()
        assert (session.strangers, session.admitted) == (50, 1)
    assert wire.connections == 1


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
