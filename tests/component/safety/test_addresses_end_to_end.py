"""No redirect of any kind leads to a refused address (docs/explanation/egress-guard.md, "Addresses")."""

import pytest

from linkskipper.egress import HasCredentials, Url, parse_url
from support.arena import CARELESS, FORMS, LINK, OTHERS, WAYS, Arena, each, reasons
from support.safety_table import (
    DENIED_V4,
    DENIED_V6,
    DISPUTED,
    FOREIGN,
    LITERALS,
    LOCAL_NAMES,
    LOOPBACK,
    NAMES,
    NO_URLS,
    SERVICE_PORTS,
    SLASHES,
    TRICKS,
)
from support.shortener import to

pytestmark = pytest.mark.slow

HOSTS = (*LITERALS, *LOOPBACK, *LOCAL_NAMES, *TRICKS)


def at(host: str, port: int) -> str:
    """Return the URL of a host on a port. The port stands before any trick that follows the host."""
    end = min((host.index(mark) for mark in "#?/" if mark in host), default=len(host))
    return f"http://{host[:end]}:{port}{host[end:] or '/x'}"


@pytest.mark.parametrize("host", HOSTS)
async def test_no_way_leads_there(arena: Arena, host: str) -> None:
    """An address in any spelling, or a local name, ends as blocked_address by every way, even on an open port."""
    ends = reasons(await arena.by_each_way(at(host, arena.canary.port)))
    if not host.isascii() and ends["refresh"] == "no_destination":
        ends["refresh"] = "blocked_address"  # read as ISO-8859-1, as browsers do, most are not the name of a host
    assert ends == each("blocked_address")
    assert arena.dns.asked == []


@pytest.mark.parametrize("host", HOSTS)
async def test_no_form_leads_there(arena: Arena, host: str) -> None:
    """No form leads there: not by its action, its button, the redirect after it, or the reply to its script."""
    ends = await arena.by_each_form(at(host, arena.canary.port))
    assert reasons(ends) == {**dict.fromkeys(FORMS, "blocked_address"), "asked": "not_a_link"}
    assert arena.dns.asked == []


@pytest.mark.parametrize("address", [*DENIED_V4, *DENIED_V6])
async def test_no_form_leads_to_a_name_there(arena: Arena, address: str) -> None:
    """A form is not sent to a name of the shortener that leads to a refused address."""
    name = arena.new_name()
    arena.dns.set(name, [address], kind="AAAA" if ":" in address else "A")
    ends = await arena.by_each_form(f"http://{name}:{arena.canary.port}/x")
    assert reasons(ends) == {**dict.fromkeys(FORMS, "blocked_address"), "asked": "not_a_link"}


@pytest.mark.parametrize("form", SLASHES)
async def test_no_number_of_slashes(arena: Arena, form: str) -> None:
    """Missing and extra slashes do not help. A spelling that is relative to the page stays on the page's host."""
    ends = reasons(await arena.by_each_way(form.format(f"127.0.0.1:{arena.canary.port}")))
    if form in {"http:/{}/", "http:{}/"}:
        assert set(ends.values()) <= {"link_removed", "no_destination", "blocked_address"}
    else:
        assert ends == each("blocked_address")


@pytest.mark.parametrize("address", DENIED_V4)
async def test_not_even_where_a_file_lists_them(arena: Arena, address: str) -> None:
    """An address that a provider file lists is still refused when the connection is made."""
    ends = await arena.by_each_way(f"http://{address}:{arena.canary.port}/x", catalog=CARELESS)
    assert set(reasons(ends).values()) <= {"blocked_address", "loop_detected"}
    assert ends["301"].hops[-1].url == f"http://{address}:{arena.canary.port}/x"


@pytest.mark.parametrize(
    ("answers", "kind"),
    [*NAMES, *(((address,), "A") for address in DENIED_V4), *(((address,), "AAAA") for address in DENIED_V6)],
)
async def test_no_name_leads_there(arena: Arena, answers: tuple[str, ...], kind: str) -> None:
    """A name of the shortener is refused if one of its addresses is refused."""
    name = arena.new_name()
    arena.dns.set(name, answers, kind=kind)
    ends = await arena.by_each_way(f"http://{name}:{arena.canary.port}/x")
    assert reasons(ends) == each("blocked_address")
    assert (name, kind) in arena.dns.asked


@pytest.mark.parametrize("status", OTHERS)
@pytest.mark.parametrize("host", HOSTS)
async def test_other_statuses_lead_nowhere(arena: Arena, host: str, status: int) -> None:
    """A Location under a status that browsers do not follow leads to no such host."""
    arena.shortener.put("/a", to(at(host, arena.canary.port).encode().decode("latin-1"), status=status))
    resolution, contacted = await arena.resolve()
    assert (resolution.reason, resolution.target_url, contacted) == ("no_destination", None, [])


@pytest.mark.parametrize("text", [*NO_URLS, *(f"http://{host}/" for host in DISPUTED)])
async def test_what_is_no_url_leads_nowhere_else(arena: Arena, text: str) -> None:
    """A URL that parsers read differently is not contacted. It is returned only in the spelling that browsers use."""
    ends = await arena.by_each_way(text)
    given = [without_user(resolution.target_url) for resolution in ends.values() if resolution.target_url]
    assert {url.host for url in given} <= {"a.com", "b.com", "b.com.evil.com", "8.0.0.1", "64.0.0.1", "8.8.8.8"}


def without_user(target: str) -> Url:
    """Return the target as a URL with one reading, without its user name."""
    try:
        return parse_url(target)
    except HasCredentials as error:
        return parse_url(error.bare_href)


@pytest.mark.parametrize("text", [text for text, _ in FOREIGN])
async def test_other_schemes_are_no_destination(arena: Arena, text: str) -> None:
    """A URL of another scheme is neither opened nor returned."""
    ends = await arena.by_each_way(text)
    assert {resolution.target_url for resolution in ends.values()} == {None}


@pytest.mark.parametrize("port", SERVICE_PORTS)
async def test_no_internal_service_by_its_port(arena: Arena, port: int) -> None:
    """Only the web's ports are connected to, even on a public host."""
    name = arena.new_name()
    arena.dns.set(name, ["8.8.8.8"])
    arena.shortener.put("/a", to(f"http://{name}:{port}/x"))
    resolution, contacted = await arena.resolve()
    assert (resolution.reason, contacted) == ("blocked_address", [])


async def test_from_https_to_http_to_a_file(arena: Arena) -> None:
    """A scheme that changes on the way is judged at each hop."""
    arena.shortener.put("/a", to("http://s.test/b"))
    arena.shortener.put("/b", to("file:///etc/passwd"))
    resolution, contacted = await arena.resolve()
    assert (resolution.reason, contacted) == ("bad_scheme", [])


@pytest.mark.parametrize("host", HOSTS)
async def test_none_is_taken_as_a_link(arena: Arena, host: str) -> None:
    """A client that submits such a URL is told that it is not a supported link."""
    resolution, contacted = await arena.resolve(at(host, arena.canary.port))
    assert (resolution.reason, contacted, arena.shortener.asked) == ("unsupported_link", [], [])


@pytest.mark.parametrize("text", [*NO_URLS, *(text for text, _ in FOREIGN)])
async def test_no_url_is_no_link(arena: Arena, text: str) -> None:
    """A client that submits text that is not a URL is told that it is not a supported link."""
    resolution, contacted = await arena.resolve(text)
    assert (resolution.reason, contacted) == ("unsupported_link", [])


async def test_the_arena_can_be_reached(arena: Arena) -> None:
    """The same ways reach the canary if the operator allows it. So it is the guard that refuses it."""
    url, hole = f"http://127.0.0.1:{arena.canary.port}/x", f"127.0.0.1:{arena.canary.port}"
    followed = [name for name in WAYS if name not in {"link", "variable"}]  # the file's last steps
    async with arena.other_client(allow=[hole]) as client:
        for name in followed:
            arena.shortener.put("/a", WAYS[name](url))
            await arena.resolve(LINK, catalog=CARELESS, client=client)
    assert arena.canary.connections > 0
    assert len(arena.canary.requests) == len(followed)
