"""URLs are read once, and ambiguous ones are refused (docs/explanation/egress-guard.md, "Spellings")."""

import ada_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.egress import MAX_URL, BadUrl, ForeignScheme, Refused, UrlTooLong, check_public_https, parse_url
from linkskipper.errors import EgressError
from support.clients import Clients
from support.safety_table import DISPUTED, FOREIGN, LOCAL_NAMES, LOOPBACK, NO_URLS, SERVICE_PORTS, SLASHES, TRICKS
from support.wire import Wire

LOOPBACK_HOSTS = [*LOOPBACK, *LOCAL_NAMES, *TRICKS]


def with_port(host: str, port: int) -> str:
    """Return the URL with a port behind the host, before any trick that follows."""
    for mark in "#?/":
        if mark in host:
            name, tail = host.split(mark, 1)
            return f"http://{name}:{port}{mark}{tail}"
    return f"http://{host}:{port}/"


@pytest.mark.parametrize("host", LOOPBACK_HOSTS)
async def test_no_spelling_reaches_loopback(clients: Clients, wire: Wire, host: str) -> None:
    """No spelling of loopback reaches a server there, even on an allowed port."""
    egress = await clients.make(ports=[80, 443, wire.port])
    with pytest.raises(Refused):
        await egress.fetch(parse_url(with_port(host, wire.port)))
    assert wire.connections == 0


@pytest.mark.parametrize("form", SLASHES)
async def test_no_number_of_slashes_reaches_loopback(clients: Clients, wire: Wire, form: str) -> None:
    """Missing and extra slashes lead to the same refusal."""
    egress = await clients.make(ports=[80, 443, wire.port])
    base = None if form.startswith("http:") else parse_url("http://a.com/")
    with pytest.raises(Refused):
        await egress.fetch(parse_url(form.format(f"127.0.0.1:{wire.port}"), base))
    assert wire.connections == 0


@pytest.mark.parametrize("text", [*NO_URLS, *(f"http://{host}/" for host in DISPUTED)])
def test_refused_spellings(text: str) -> None:
    """A text that two parsers could read differently, or that DNS cannot hold, is not a URL to this service."""
    with pytest.raises(BadUrl) as refused:
        parse_url(text)
    assert not isinstance(refused.value, ForeignScheme)


@pytest.mark.parametrize(("text", "scheme"), FOREIGN)
def test_foreign_schemes_are_told_apart(text: str, scheme: str) -> None:
    """A caller can tell a link of another scheme, with or without a base, from a text that is not a URL."""
    for base in (None, parse_url("https://a.com/")):
        with pytest.raises(ForeignScheme) as foreign:
            parse_url(text, base)
        assert foreign.value.scheme == scheme
        assert foreign.value.href.startswith(f"{scheme}:")


def test_the_parts_of_a_url() -> None:
    """A URL is split as WHATWG says. Its default port is filled in, and the rest keeps its spelling."""
    url = parse_url("HTTPS://EXAMPLE.com:443/A/../b%2f;c?x=%7e&y#Frag")
    assert url.href == "https://example.com/b%2f;c?x=%7e&y#Frag"
    assert (url.scheme, url.host, url.port) == ("https", "example.com", 443)
    assert (url.path, url.query, url.fragment) == ("/b%2f;c", "x=%7e&y", "Frag")
    assert url.origin == "https://example.com"


def test_an_ipv6_host_has_no_brackets() -> None:
    """The host of an IPv6 URL is the bare address. Its origin has brackets."""
    url = parse_url("http://[2606:4700::0:1111]:80/x")
    assert (url.host, url.port, url.origin) == ("2606:4700::1111", 80, "http://[2606:4700::1111]")


@pytest.mark.parametrize(
    ("text", "href"),
    [
        *(("/x?y#z", "https://a.com/x?y#z"), ("b", "https://a.com/d/b"), ("//b.com", "https://b.com/")),
        *(("?q", "https://a.com/d/c?q"), ("#f", "https://a.com/d/c?p#f"), ("", "https://a.com/d/c?p")),
        *(("http:///b.com", "http://b.com/"), ("https:x", "https://a.com/d/x"), ("http:b.com:00080", "http://b.com/")),
        *(("https://müller.de/ü", "https://xn--mller-kva.de/%C3%BC"), ("//b.com:443/ x", "https://b.com/%20x")),
    ],
)
def test_relative_references(text: str, href: str) -> None:
    """A reference in a page or in a Location header is read against the URL that it came from."""
    assert parse_url(text, parse_url("https://a.com/d/c?p#o")).href == href


@pytest.mark.parametrize(
    ("prefix", "letter", "width", "base", "added"),
    [
        ("https://a.com/", "x", 1, None, 0),
        ("https://a.com/?", "\N{LATIN SMALL LETTER U WITH DIAERESIS}", 6, None, 0),
        ("https://a.com/#", "x", 1, None, 0),
        ("/", "x", 1, "https://a.com/", len("https://a.com")),
        ("//a.com/?xy", "\N{CJK UNIFIED IDEOGRAPH-5B57}", 9, "https://b.com/", len("https:")),
        ("magnet:?x", "y", 1, None, 0),
    ],
)
def test_a_url_has_a_length(prefix: str, letter: str, width: int, base: str | None, added: int) -> None:
    """A serialised URL may have as many characters as the limit. One more is too many."""
    parsed_base = parse_url(base) if base else None
    count, rest = divmod(MAX_URL - added - len(prefix), width)
    longest = prefix + "x" * rest + letter * count
    if prefix.startswith("magnet"):
        with pytest.raises(ForeignScheme):
            parse_url(longest, parsed_base)
    else:
        assert len(parse_url(longest, parsed_base).href) == MAX_URL
    with pytest.raises(UrlTooLong):
        parse_url(f"{longest}x", parsed_base)


def test_a_long_text_with_a_short_url_is_too_long() -> None:
    """A text over the limit is not parsed, even if the URL in it would be short."""
    with pytest.raises(UrlTooLong):
        parse_url("https://a.com/" + "x/../" * 2000)


def test_parts_cannot_make_a_url_too_long() -> None:
    """A query or a fragment that is replaced counts for the length too."""
    url = parse_url("https://a.com/b?c=d#e")
    assert url.with_query("q").href == "https://a.com/b?q#e"
    assert url.with_fragment("f").href == "https://a.com/b?c=d#f"
    assert url.with_query("q") == parse_url("https://a.com/b?q#e")
    assert url.with_fragment("f") == parse_url("https://a.com/b?c=d#f")
    assert len(url.with_query("q" * (MAX_URL - len("https://a.com/b?#e"))).href) == MAX_URL
    assert len(url.with_fragment("f" * (MAX_URL - len("https://a.com/b?c=d#"))).href) == MAX_URL
    with pytest.raises(UrlTooLong):
        url.with_query("q" * (MAX_URL - len("https://a.com/b?#e") + 1))
    with pytest.raises(UrlTooLong):
        url.with_fragment("f" * (MAX_URL - len("https://a.com/b?c=d#") + 1))


@given(st.text(alphabet="htps:/.@[]a1%20?#&=-_ü\u3002", max_size=40), st.sampled_from([None, "https://a.com/b?c"]))
def test_a_canonical_url_stays_as_it_is(text: str, base: str | None) -> None:
    """A parsed URL reads the same a second time, and its parts are those that browsers see."""
    try:
        url = parse_url(text, parse_url(base) if base else None)
    except BadUrl:
        return
    again = ada_url.URL(url.href)
    assert parse_url(url.href) == url
    assert (again.protocol, again.hostname.strip("[]"), again.pathname) == (f"{url.scheme}:", url.host, url.path)
    assert (again.search.removeprefix("?"), again.hash.removeprefix("#")) == (url.query, url.fragment)
    assert (again.username, again.password, again.origin) == ("", "", url.origin)


@pytest.mark.parametrize("port", SERVICE_PORTS)
async def test_other_ports_are_refused(clients: Clients, port: int) -> None:
    """Only the allowed ports are connected to, whatever the host."""
    egress = await clients.make()
    with pytest.raises(Refused, match=f"port {port} "):
        await egress.fetch(parse_url(f"http://8.8.8.8:{port}/"))


@pytest.mark.parametrize("host", [host for host in LOOPBACK_HOSTS if "@" not in host])
def test_webhooks_to_no_public_host_are_refused(host: str) -> None:
    """A webhook address is refused in every spelling of loopback and of the local zones, before any DNS."""
    with pytest.raises(Refused):
        check_public_https(f"https://{host}/hook")


@pytest.mark.parametrize(
    "text",
    [
        *("http://example.com/", "ftp://example.com/", "https://u:p@example.com/", "https://example.com:8443/"),
        *(
            "https://10.0.0.1/",
            "https://[fd00::1]/",
            "https://169.254.169.254/",
            "https://example.com:22/",
            "https://x/",
        ),
        *("example.com", "https://[::ffff:10.0.0.1]/", "https://0x0a000001/", "https://host.docker.internal/"),
    ],
)
def test_bad_webhook_addresses(text: str) -> None:
    """A webhook address that is not public https on a web port is refused when it is given."""
    with pytest.raises(EgressError):
        check_public_https(text)


def test_a_good_webhook_address() -> None:
    """Public names and addresses are accepted, and are returned in canonical form."""
    assert check_public_https("https://EXAMPLE.com/hook?k=v").href == "https://example.com/hook?k=v"
    assert check_public_https("https://8.8.8.8/hook").host == "8.8.8.8"
