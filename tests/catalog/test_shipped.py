"""The provider files that ship."""

import pytest

from linkskipper.catalog import Catalog, Provider, check
from linkskipper.catalog.loader import BUILTIN
from linkskipper.egress import Client, Policy, canonical
from linkskipper.resolver import USER_AGENT, Resolver

CATALOG = Catalog.load()
NAMED = [each for each in CATALOG.providers if not each.is_fallback]


def test_no_problems() -> None:
    """All files are right, together."""
    assert [problem for problem in check([BUILTIN]) if problem.field != "samples"] == []
    assert len(list(BUILTIN.glob("*.toml"))) == len(CATALOG.providers) + 1  # the graveyard


@pytest.mark.parametrize("provider", CATALOG.providers, ids=lambda provider: provider.id)
def test_files_say_where_they_come_from(provider: Provider) -> None:
    """Each is dated and bears a note, and no shorter: a status without a date is worth nothing."""
    assert provider.since is not None
    assert provider.note


@pytest.mark.parametrize("provider", NAMED, ids=lambda provider: provider.id)
def test_hosts_lead_to_their_file(provider: Provider) -> None:
    """No host of a file is taken by another."""
    assert {CATALOG.owner(host) for host in provider.hosts} == {provider}


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://bit.ly/3abc", "bitly"), ("https://bitly.com/blog/x", None), ("https://t.co/a", "tco"),
        ("https://tinyurl.com/abc", "tinyurl"), ("https://is.gd/a", "isgd"), ("https://v.gd/a", "vgd"),
        ("https://ow.ly/a", "redirectors"), ("https://buff.ly/a", "redirectors"), ("https://t.ly/a", "redirectors"),
        ("https://rebrand.ly/a", "redirectors"), ("https://cutt.ly/a", "redirectors"),
        ("https://goo.su/a", "redirectors"),
        ("https://lnkd.in/a", "linkedin"), ("https://amzn.to/a", "firstparty"), ("https://youtu.be/a", "firstparty"),
        ("https://goo.gl/a", "googl"), ("https://maps.app.goo.gl/a", "firstparty"), ("https://x.app.goo.gl/a", None),
        ("https://tr.im/a", "generic"), ("https://adf.ly/a", None), ("https://www.google.com/maps", None),
        ("https://www.google.com/url?q=x", "google-url"), ("https://example.com/a", None),
    ],
)  # fmt: skip
def test_match(url: str, provider: str | None) -> None:
    """The shorteners that people meet daily are known, and sites' other pages are not taken for links."""
    found = CATALOG.match(canonical(url))
    assert (found.id if found else None) == provider


def test_graveyard() -> None:
    """Dead services are told with the day."""
    buried = CATALOG.buried("abc.page.link")
    assert buried is not None
    assert buried.closed.isoformat() == "2025-08-25"


SAMPLES = [(sample.url, sample.expect) for each in CATALOG.providers for sample in each.samples]


@pytest.mark.parametrize(("url", "expect"), SAMPLES)
async def test_samples(url: str, expect: str) -> None:
    """The samples come out as their files say; they need no request, and this client could make none."""
    async with Client(Policy(ports=frozenset()), user_agent=USER_AGENT) as client:
        resolution = await Resolver(CATALOG, client).resolve(url)
    assert resolution.target_url == expect
