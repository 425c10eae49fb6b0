"""The provider files of the package."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from publicsuffixlist import PublicSuffixList

from linkskipper.catalog import Catalog, Provider, check, recording_of
from linkskipper.catalog.host_patterns import example_host
from linkskipper.catalog.loading.loader import BUILTIN
from linkskipper.egress import parse_url
from linkskipper.egress.har import Har, Replay, read_har
from linkskipper.egress.har.model import HarLog
from linkskipper.resolver import LinkResolver, PageReader, Unsupported, parse_link
from support.replay import at_once, replay

CATALOG = Catalog.load()
NAMED = [provider for provider in CATALOG.providers if not provider.is_fallback]
OFFLINE = [provider for provider in NAMED if provider.is_offline]


def test_no_issues() -> None:
    """All files are valid together."""
    assert check([BUILTIN]) == []
    assert len(list(BUILTIN.glob("*.toml"))) == len(CATALOG.providers) + 1  # discontinued.toml


@pytest.mark.parametrize("provider", CATALOG.providers, ids=lambda provider: provider.id)
def test_files_say_where_they_come_from(provider: Provider) -> None:
    """Each has a date and a note."""
    assert provider.since is not None
    assert provider.note


@pytest.mark.parametrize("provider", NAMED, ids=lambda provider: provider.id)
def test_hosts_lead_to_their_file(provider: Provider) -> None:
    """No file takes a host of another."""
    assert {CATALOG.owner(host) for host in provider.hosts} == {provider}


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://bit.ly/3abc", "bitly"), ("https://bitly.com/blog/x", None), ("https://t.co/a", "tco"),
        ("https://tinyurl.com/abc", "tinyurl"), ("https://is.gd/a", "isgd"), ("https://v.gd/a", "vgd"),
        ("https://ow.ly/a", "redirectors"), ("https://buff.ly/a", "redirectors"), ("https://t.ly/a", "redirectors"),
        ("https://rebrand.ly/a", "redirectors"), ("https://cutt.ly/a", "redirectors"),
        ("https://goo.su/a", "redirectors"),
        ("https://ouo.io/abcd", "ouo"), ("https://ouo.press/abcd", "ouo"), ("https://exe.io/abc", "exe"),
        ("https://aylink.co/abc", "aylink"), ("https://link.tl/abc", "linktl"), ("https://cuty.io/abc", "cuty"),
        ("https://lnkd.in/a", "linkedin"), ("https://amzn.to/a", "firstparty"), ("https://youtu.be/a", "firstparty"),
        ("https://goo.gl/a", "googl"), ("https://maps.app.goo.gl/a", "firstparty"), ("https://x.app.goo.gl/a", None),
        ("https://tr.im/a", "generic"), ("https://adf.ly/a", None), ("https://www.google.com/maps", None),
        ("https://www.google.com/url?q=x", "google-url"), ("https://example.com/a", None),
        ("https://www.google.co.uk/url?q=x", "google-url"), ("https://www.google.zip/url?q=x", None),
        ("https://abc.page.link/?link=x", "firebase-long"), ("https://abc.page.link/x", None),
        ("https://nam02.safelinks.protection.outlook.com/?url=x", "safelinks"), ("https://www.youtube.com/watch", None),
        ("https://bitly.com/a/warning?url=x", "bitly"), ("https://steamcommunity.com/id/x", None),
    ],
)  # fmt: skip
def test_match(url: str, provider: str | None) -> None:
    """The catalog knows the links of common shorteners. Their other pages are not links."""
    owner = CATALOG.match(parse_url(url))
    assert (owner.id if owner else None) == provider


@pytest.mark.parametrize(
    ("provider", "tier"),
    [("ouo", "standard"), ("exe", "premium"), ("aylink", "standard"), ("linktl", "standard"), ("cuty", "premium")],
)
def test_tiers_of_advertising_shorteners(provider: str, tier: str) -> None:
    """Shorteners that show advertisements have the tier of the contract, and a status that admits their CAPTCHAs."""
    shipped = CATALOG.find(provider)
    assert shipped is not None
    assert (shipped.tier, shipped.status in {"captcha", "degraded"}) == (tier, True)


def test_discontinued() -> None:
    """Closed services have the day on which they closed."""
    service = CATALOG.find_discontinued("abc.page.link")
    assert service is not None
    assert service.closed.isoformat() == "2025-08-25"


@pytest.mark.parametrize("host", ["abc.page.link", "abc.app.goo.gl"])
def test_closed_services_whose_links_carry_their_destination(host: str) -> None:
    """A long link is decoded. For any other link, the message says that the service closed."""
    assert parse_link(f"https://{host}/?link=https%3A%2F%2Fexample.com%2F", CATALOG).provider.id == "firebase-long"
    with pytest.raises(Unsupported, match="closed on 25 August 2025"):
        parse_link(f"https://{host}/abc", CATALOG)


PURE = frozenset(
    {
        *("deref-gmx.net", "deref-gmx.com", "deref-web.de", "deref-web-02.de", "deref-mail.com", "deref-1und1.de"),
        *("nullrefer.com", "dereferer.me", "dereferer.org", "anonym.to", "anon.to", "anonymz.com", "www.anonymz.com"),
        *("www.dereferer.org", "blankrefer.com", "www.blankrefer.com"),
        *("disq.us", "href.li", "slack-redir.net", "exit.sc", "gate.sc", "page.link"),
    }
)
"""Sites that have nothing but links with a destination, at their home page too."""


def test_home_pages_of_ordinary_sites() -> None:
    """A link may lead to the home page of a site whose other pages carry destinations. Wrapped links have a host."""
    suffixes = PublicSuffixList()
    homes = set()
    for provider in OFFLINE:
        for host in map(example_host, provider.hosts):
            is_site = host.removeprefix("www.") == suffixes.privatesuffix(host)
            if is_site and provider.is_link(parse_url(f"https://{host}/")):
                homes.add(host)
    assert homes == PURE


async def test_a_link_to_a_home_page() -> None:
    """A short link to the home page of Instagram has that page as its target. Its own outgoing links are resolved."""
    resolver = LinkResolver(CATALOG, Replay(Har(HarLog([]))), PageReader(), sleep=at_once)
    shim = "https://{}/linkshim{}?u={}"
    for host in ("www.instagram.com", "instagram.com"):
        for slash in ("", "/"):
            resolution = await resolver.resolve(shim.format(host, slash, f"https%3A%2F%2F{host}%2F"))
            assert resolution.target_url == f"https://{host}/"
        assert CATALOG.match(parse_url(f"https://{host}/l.php?u=x")) is None


@pytest.mark.parametrize("provider", OFFLINE, ids=lambda provider: provider.id)
def test_links_that_carry_their_destination_have_no_recording(provider: Provider) -> None:
    """Their samples are resolved without a request."""
    assert recording_of(provider.id, None) is None


@pytest.mark.parametrize("provider", OFFLINE, ids=lambda provider: provider.id)
@settings(deadline=None)
@given(data=st.data())
async def test_any_link_of_theirs(provider: Provider, data: st.DataObject) -> None:
    """Whatever such a link carries, it ends with a target or a reason, and without a request."""
    sample = parse_url(data.draw(st.sampled_from(provider.samples)).url)
    packed = data.draw(st.text(alphabet="aZ09%2F:/?&=_-.*;!+~#", max_size=40))
    cut = data.draw(st.integers(len(sample.origin) + 1, len(sample.href)))
    resolver = LinkResolver(CATALOG, Replay(Har(HarLog([]))), PageReader(), sleep=at_once)
    resolution = await resolver.resolve(sample.href[:cut] + packed)
    assert (resolution.target_url is None) != (resolution.reason is None)
    assert all(hop.status is None for hop in resolution.hops)


@pytest.mark.parametrize("provider", CATALOG.providers, ids=lambda provider: provider.id)
async def test_samples(provider: Provider) -> None:
    """The samples lead where their files say, with recorded responses instead of the network."""
    recording = recording_of(provider.id, None)
    transport = Replay.read(recording) if recording else Replay(Har(HarLog([])))
    async with PageReader() as reader:
        resolver = LinkResolver(CATALOG, transport, reader, sleep=at_once)
        targets = {sample.url: (await resolver.resolve(sample.url)).target_url for sample in provider.samples}
    assert targets == {sample.url: sample.expect for sample in provider.samples}


@pytest.mark.parametrize("file", sorted(BUILTIN.glob("*.har")), ids=lambda file: file.stem)
async def test_recordings(file: Path) -> None:
    """Every recorded link ends as it did when it was recorded."""
    assert CATALOG.find(file.stem) is not None
    for outcome, resolution in await replay(read_har(file), CATALOG):
        assert (resolution.target_url, resolution.reason) == (outcome.target_url, outcome.reason)
