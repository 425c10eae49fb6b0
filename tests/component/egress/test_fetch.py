"""One fetch: what it sends, and what it returns of redirects, cookies, TLS and connections."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from linkskipper.egress import Client, CookieJar, Refused, Unreachable, parse_url
from support.clients import Clients
from support.wire import Wire

LANDING = "http://short.test/"


@pytest.fixture
async def egress(clients: Clients, wire: Wire) -> Client:
    """A client for which a few names lead to the server."""
    names = ("short.test", "www.short.test", "other.test", "sub.other.test", "short", "co")
    return await clients.make(host_map=[f"{name}=127.0.0.1:{wire.port}" for name in names])


def reply(*headers: str, status: int = 200, body: str = "ok") -> bytes:
    """An answer with these headers."""
    return "\r\n".join([f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", body]).encode("latin-1")


def sent(request: bytes) -> dict[str, str]:
    """Return the headers of a request, by lower-case name."""
    lines = request.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}


async def test_the_request_is_honest(egress: Client, wire: Wire) -> None:
    """A request says who sends it and what it reads. It has no Referer and no cookies of its own."""
    await egress.fetch(parse_url("http://short.test/a%2Fb/%7e?x=%20&&y=a+b;c#frag"))
    assert wire.requests[0].startswith(b"GET /a%2Fb/%7e?x=%20&&y=a+b;c HTTP/1.1\r\n")
    headers = sent(wire.requests[0])
    assert set(headers) == {"host", "user-agent", "accept", "accept-encoding", "accept-language"}
    assert (headers["host"], headers["user-agent"]) == ("short.test", "Test/1")


async def test_headers_and_a_body_are_sent(egress: Client, wire: Wire) -> None:
    """A form is sent as it is given, with its length."""
    form = {"Content-Type": "application/x-www-form-urlencoded", "Referer": LANDING}
    wire.script = None
    await egress.fetch(parse_url(LANDING), method="POST", headers=form, body=b"a=1")
    headers = sent(wire.requests[0])
    assert wire.requests[0].startswith(b"POST / ")
    assert (headers["content-length"], headers["referer"]) == ("3", LANDING)
    assert headers["content-type"] == form["Content-Type"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["http://other.test/", "http://127.0.0.1/", "file:///etc/passwd", "/loop"])
async def test_redirects_are_not_followed(egress: Client, wire: Wire, status: int, target: str) -> None:
    """A redirect is a response like any other. One request goes out, and the caller decides what follows."""
    wire.reply = reply(f"Location: {target}", status=status)
    response = await egress.fetch(parse_url(LANDING))
    assert (response.status, response.locations(), response.body) == (status, [target], b"")
    assert len(wire.requests) == 1


async def test_a_300_is_a_page(egress: Client, wire: Wire) -> None:
    """A response of status 300 is not a redirect (Fetch standard, "redirect status"). Its body is read."""
    wire.reply = reply("Location: http://other.test/", status=300)
    assert (await egress.fetch(parse_url(LANDING))).body == b"ok"


@pytest.mark.parametrize(
    ("headers", "locations"),
    [
        ([], []),
        (["Location: "], [""]),
        (["Location: /a", "location: /b"], ["/a", "/b"]),
        (["Location: /ü?q=\xe9"], ["/%FC?q=%E9"]),
        (["Location: /" + "ü".encode().decode("latin-1")], ["/%C3%BC"]),
        (["Location: /%C3%BC\xff"], ["/%C3%BC%FF"]),
    ],
)
async def test_locations(egress: Client, wire: Wire, headers: list[str], locations: list[str]) -> None:
    """Every Location is given, its raw bytes percent-encoded one by one, whatever charset they were meant in."""
    wire.reply = reply(*headers, status=302)
    assert (await egress.fetch(parse_url(LANDING))).locations() == locations


async def test_connections_are_kept(egress: Client, wire: Wire) -> None:
    """Redirects with small bodies, downloads with small bodies and pages all leave the connection usable."""
    for headers in (["Location: /x", "Content-Type: text/html"], ["Content-Type: image/png"], []):
        wire.reply = reply(*headers, body="x" * 5000)
        await egress.fetch(parse_url(LANDING))
    assert wire.connections == 1


async def test_a_body_sent_late_does_not_hold_up_a_redirect(egress: Client, wire: Wire) -> None:
    """A redirect whose body never comes is a response. To wait for the body would end as a timeout."""
    wire.reply = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 100\r\n\r\n"
    assert (await egress.fetch(parse_url(LANDING))).locations() == ["/x"]


async def cookies_sent(egress: Client, wire: Wire, jar: CookieJar, url: str) -> set[str]:
    """Return the cookies that a request to this URL sends."""
    wire.reply = reply()
    await egress.fetch(parse_url(url), jar=jar)
    value = sent(wire.requests[-1]).get("cookie")
    return set(value.split("; ")) if value else set()


async def jar_after(egress: Client, wire: Wire, url: str, *cookies: str) -> CookieJar:
    """Return a jar after a server at this URL has set these cookies."""
    wire.reply = reply(*(f"Set-Cookie: {cookie}" for cookie in cookies))
    jar = CookieJar()
    await egress.fetch(parse_url(url), jar=jar)
    return jar


async def test_cookies_do_not_cross_hosts(egress: Client, wire: Wire) -> None:
    """A cookie goes back to its host alone, not to subdomains, other hosts, other links, or jarless fetches."""
    jar = await jar_after(egress, wire, "http://short.test/", "sid=1")
    assert await cookies_sent(egress, wire, jar, "http://short.test/") == {"sid=1"}
    for url in ("http://www.short.test/", "http://other.test/", "http://short/"):
        assert await cookies_sent(egress, wire, jar, url) == set()
    assert await cookies_sent(egress, wire, CookieJar(), "http://short.test/") == set()


async def test_domain_cookies_reach_subdomains_only(egress: Client, wire: Wire) -> None:
    """A cookie for a domain goes to its subdomains. A cookie for a foreign or a top-level domain goes nowhere."""
    jar = await jar_after(
        egress,
        wire,
        "http://www.short.test/",
        *("a=1; Domain=short.test", "b=2; Domain=.SHORT.test", "c=3; Domain=test", "d=4; Domain=other.test"),
        *("e=5; Domain=.", "f=6; Domain=sub.www.short.test", "g=7; Domain=hort.test"),
    )
    assert await cookies_sent(egress, wire, jar, "http://www.short.test/") == {"a=1", "b=2", "e=5"}
    assert await cookies_sent(egress, wire, jar, "http://short.test/") == {"a=1", "b=2"}
    assert {"c=3", "d=4"}.isdisjoint(await cookies_sent(egress, wire, jar, "http://other.test/"))


async def test_cookie_attributes(egress: Client, wire: Wire) -> None:
    """Path, Secure, expiry and deletion are obeyed. Values go back unchanged."""
    jar = await jar_after(
        egress,
        wire,
        "http://short.test/dir/page",
        *("here=1", "root=2; Path=/", "there=3; Path=/there", "safe=4; Path=/; Secure", "old=5; Path=/; Max-Age=0"),
        *("past=6; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "odd=a%20b|{c}==; Path=/; HttpOnly"),
    )
    assert await cookies_sent(egress, wire, jar, "http://short.test/dir/x") == {"here=1", "root=2", "odd=a%20b|{c}=="}
    assert await cookies_sent(egress, wire, jar, "http://short.test/there") == {"there=3", "root=2", "odd=a%20b|{c}=="}


async def test_broken_cookies_are_left_out(egress: Client, wire: Wire) -> None:
    """The next request can be sent, whatever the server calls a cookie. A cookie without a name is kept."""
    jar = await jar_after(
        egress,
        wire,
        "http://short.test/",
        *("", ";", "=", "=x", "nameonly", "bytes=\xe9\xff", "tab=a\tb", 'q="a b"', "u=1; Expires=99999999999999999999"),
        *("v=1; Max-Age=x", "w=1; Max-Age=99999999999999999999999", "x=1; Expires=Fri, 31 Dec 0001 00:00:00 +2359"),
        *("y=1; Path=; Domain=", "z=1; Expires=Mon, 01 Jan 99999999999999999999 00:00:00 GMT"),
    )
    sent_back = await cookies_sent(egress, wire, jar, "http://short.test/")
    assert sent_back == {"nameonly", "tab=a\tb", 'q="a b"', "u=1", "v=1", "w=1", "y=1", "z=1"}


async def test_secure_cookies_stay_on_https() -> None:
    """A Secure cookie is accepted over https only and sent over https only."""
    jar = CookieJar()
    jar.store(parse_url("https://short.test/"), ["a=1; Secure"])
    jar.store(parse_url("http://short.test/"), ["b=2; Secure"])
    assert jar.header(parse_url("https://short.test/")) == "a=1"
    assert jar.header(parse_url("http://short.test/")) is None


async def test_cookies_expire() -> None:
    """A cookie is gone when its time is over, by the clock of the jar."""
    clock = datetime(2026, 1, 1, tzinfo=UTC)
    jar = CookieJar(now=lambda: clock)
    url = parse_url("https://short.test/")
    jar.store(url, ["a=1; Max-Age=60", "b=2; Expires=Thu, 01-Jan-2026 00:02:00 GMT"])
    assert jar.header(url) == "a=1; b=2"
    clock += timedelta(seconds=60)
    assert jar.header(url) == "b=2"
    clock += timedelta(seconds=60)
    assert jar.header(url) is None


async def test_a_cookie_is_replaced_and_deleted(egress: Client, wire: Wire) -> None:
    """Setting a cookie again changes it. Expiring a cookie deletes it."""
    jar = await jar_after(egress, wire, "http://short.test/", "sid=1", "sid=2")
    assert await cookies_sent(egress, wire, jar, "http://short.test/") == {"sid=2"}
    wire.reply = reply("Set-Cookie: sid=; Max-Age=0")
    await egress.fetch(parse_url("http://short.test/"), jar=jar)
    assert await cookies_sent(egress, wire, jar, "http://short.test/") == set()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return a CA that nobody trusts by default."""
    return trustme.CA()


@pytest.fixture
async def secure(wire: Wire, authority: trustme.CA) -> AsyncIterator[int]:
    """Yield the port of a server with a certificate for short.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("short.test").configure_cert(context)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_tls_with_the_extra_ca(
    clients: Clients, wire: Wire, secure: int, authority: trustme.CA, tmp_path: Path
) -> None:
    """The operator's CA is trusted for the names on its certificates and for no others."""
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    host_map = [f"{name}:443=127.0.0.1:{secure}" for name in ("short.test", "other.test")]
    egress = await clients.make(host_map=host_map, extra_ca=ca)
    assert (await egress.fetch(parse_url("https://short.test/"))).status == 200
    with pytest.raises(Unreachable):
        await egress.fetch(parse_url("https://other.test/"))
    assert len(wire.requests) == 1


async def test_tls_is_verified(clients: Clients, wire: Wire, secure: int) -> None:
    """Without the operator's CA, the certificate is not trusted, and nothing is sent."""
    egress = await clients.make(host_map=[f"short.test:443=127.0.0.1:{secure}"])
    with pytest.raises(Unreachable):
        await egress.fetch(parse_url("https://short.test/"))
    assert wire.requests == []


async def test_a_refusal_leaves_the_client_usable(egress: Client, wire: Wire) -> None:
    """A client can be refused more often than it has connections. Refusals take up none of them."""
    for _ in range(1001):
        with pytest.raises(Refused):
            await egress.fetch(parse_url("http://10.0.0.1/"))
    assert (await egress.fetch(parse_url(LANDING))).status == 200
    assert wire.connections == 1
