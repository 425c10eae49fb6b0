"""How links are followed, and that their destinations are left alone."""

import pytest

from linkskipper.resolver import Hop, Mechanism
from support.shortener import HOST, OTHER, TARGET, Bench, answer, page, provider, to


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_location_of_every_redirect(bench: Bench, status: int) -> None:
    """All statuses whose Location browsers follow are followed."""
    bench.put("/a", to(TARGET, status=status))
    resolution = await bench.resolve("http://s.test/a")
    assert (resolution.status, resolution.target_url) == ("done", TARGET)
    assert [(hop.url, hop.mechanism, hop.status) for hop in resolution.hops] == [
        ("http://s.test/a", Mechanism.LOCATION_HEADER, status)
    ]


@pytest.mark.parametrize("status", [300, 304, 305, 306])
async def test_location_of_other_statuses(bench: Bench, status: int) -> None:
    """A Location that browsers do not follow leads nowhere."""
    bench.put("/a", to(TARGET, status=status))
    assert (await bench.resolve("http://s.test/a")).reason == "no_destination"


async def test_destination_is_never_contacted(bench: Bench) -> None:
    """A destination that the resolver could reach gets no request, not even when it stands on the same server."""
    bench.put("/a", to("http://other.test/x"))
    resolution = await bench.resolve("http://s.test/a", provider())
    assert resolution.target_url == "http://other.test/x"
    assert bench.shortener.asked == ["s.test/a"]


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://example.com", "https://example.com"),
        ("https://Example.COM/Case?b=A%2f&&c=%7E#Frag", "https://example.com/Case?b=A%2f&&c=%7E#Frag"),
        ("HTTPS://example.com:443/x", "https://example.com:443/x"),
        ("  https://example.com/x  ", "https://example.com/x"),
        ("https://example.com/a/../b", "https://example.com/a/../b"),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("https://ex%61mple.com/x", "https://example.com/x"),
        ("//example.com/x", "https://example.com/x".replace("https", "http")),
        ("https:/example.com/x", "https://example.com/x"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]/x"),
        ("https://example.com/\xe9", "https://example.com/%E9"),
    ],
)
async def test_spelling(bench: Bench, location: str, target: str) -> None:
    """A URL with only one reading keeps its spelling. Any other URL gets the spelling of browsers."""
    bench.put("/a", to(location))
    assert (await bench.resolve("http://s.test/a")).target_url == target


async def test_fragment_is_inherited_over_redirects(bench: Bench) -> None:
    """A Location without a fragment inherits the one before it, up to the destination. A Refresh does not."""
    bench.put("/a", to("/b"))
    bench.put("/b", to(TARGET))
    bench.put("/c", answer(200, f"Refresh: 0;url={TARGET}"))
    assert (await bench.resolve("http://s.test/a#here")).target_url == f"{TARGET}#here"
    assert (await bench.resolve("http://s.test/c#here")).target_url == TARGET


async def test_repeated_location(bench: Bench) -> None:
    """The same Location twice counts as one. Two different ones count as none, as in Chromium."""
    bench.put("/same", to(TARGET, f"Location: {TARGET}"))
    bench.put("/torn", to(TARGET, "Location: https://example.com/else"))
    assert (await bench.resolve("http://s.test/same")).target_url == TARGET
    assert (await bench.resolve("http://s.test/torn")).reason == "upstream_error"


@pytest.mark.parametrize(
    "body", [f'<meta http-equiv=refresh content="0;{TARGET}">', f"<body onload=\"location='{TARGET}'\">"]
)
async def test_redirect_without_location_is_read_as_a_page(bench: Bench, body: str) -> None:
    """A 302 without a Location is a page like any other."""
    bench.put("/a", answer(302, body=body))
    assert (await bench.resolve("http://s.test/a")).target_url == TARGET


async def test_a_refresh_beside_a_script_that_must_be_run(bench: Bench) -> None:
    """If only running a script can show whether the script or the refresh wins, the link needs a browser."""
    body = f'<meta http-equiv=refresh content="3;url={TARGET}"><script>function login(){{location="/login"}}</script>'
    bench.put("/a", page(body))
    resolution = await bench.resolve("http://s.test/a")
    assert (resolution.reason, resolution.service_failed) == ("browser_required", True)
    assert "needs a browser" in str(resolution.detail) or "need a browser" in str(resolution.detail)


async def test_base_element(bench: Bench) -> None:
    """A page's relative URLs are relative to its base element."""
    bench.put("/a", page("<base href=https://example.com/deep/><script>location.href='er'</script>"))
    assert (await bench.resolve("http://s.test/a")).target_url == "https://example.com/deep/er"


async def test_stays_within_all_hosts_of_a_provider(bench: Bench) -> None:
    """A link may continue over any host of its provider."""
    bench.put("/a", to("http://other.test/b"))
    bench.put("/b", to(TARGET), host=OTHER)
    resolution = await bench.resolve("http://s.test/a", provider(HOST, OTHER))
    assert resolution.target_url == TARGET
    assert len(resolution.hops) == 2


async def test_chain_costs_the_dearest(bench: Bench) -> None:
    """A link that leads to another provider continues there, at the highest of their prices."""
    bench.put("/a", to("http://other.test/b"))
    bench.put("/b", to(TARGET), host=OTHER)
    resolution = await bench.resolve("http://s.test/a", provider(), provider(OTHER, tier="premium"))
    assert (resolution.target_url, resolution.provider) == (TARGET, "s-test")
    assert (resolution.tier, resolution.cost) == ("premium", 2)


async def test_other_providers_home_page_is_a_destination(bench: Bench) -> None:
    """A URL of another provider that is not a link is the destination, and is not fetched."""
    bench.put("/a", to("http://other.test/"))
    assert (await bench.resolve("http://s.test/a")).target_url == "http://other.test/"
    assert bench.shortener.asked == ["s.test/a"]


async def test_five_providers_at_most(bench: Bench) -> None:
    """The sixth provider in a chain is one too many."""
    for number in range(12):
        here, there = (HOST, OTHER) if number % 2 == 0 else (OTHER, HOST)
        bench.put(f"/{number}", to(f"http://{there}/{number + 1}"), host=here)
    bench.put("/4", to(TARGET))
    assert (await bench.resolve("http://s.test/0")).target_url == TARGET
    assert (await bench.resolve("http://s.test/6")).reason == "too_many_hops"


async def test_hops_are_told_as_they_end(bench: Bench) -> None:
    """The callback gets each hop in turn, with its URL, its mechanism and a time."""
    bench.put("/a", to("/b"))
    bench.put("/b", answer(404))
    told: list[Hop] = []
    resolution = await bench.resolve("http://s.test/a", on_hop=told.append)
    assert tuple(told) == resolution.hops
    assert [(hop.mechanism, hop.status) for hop in told] == [(Mechanism.LOCATION_HEADER, 302), (None, 404)]
    assert all(hop.milliseconds > 0 for hop in told)


async def test_honest_user_agent_and_no_referer(bench: Bench) -> None:
    """Requests say honestly who sends them, and have no Referer."""
    bench.put("/a", to("/b"))
    bench.put("/b", to(TARGET))
    await bench.resolve("http://s.test/a")
    assert all("User-Agent: LinkSkipper/" in head for head in bench.shortener.heads)
    assert not any("referer" in head.lower() for head in bench.shortener.heads)


@pytest.mark.parametrize(
    "markup", ["<base href='//u@{}.example'><a href=x>", "<script>location='//u:p@{}.example'</script>"]
)
async def test_credentials_before_a_host_that_dns_cannot_hold(bench: Bench, markup: str) -> None:
    """A text with a user name and a host that DNS cannot hold is not a URL, wherever it stands."""
    bench.put("/a", page(markup.format("x" * 64)))
    assert (await bench.resolve("http://s.test/a")).reason in {"not_a_link", "provider_changed"}
