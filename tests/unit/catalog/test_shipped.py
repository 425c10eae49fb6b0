"""The provider files that ship."""

from pathlib import Path

import pytest

from linkskipper.catalog import Catalog, Provider, check, recording_of
from linkskipper.catalog.loading.loader import BUILTIN
from linkskipper.egress import canonical
from linkskipper.egress.har import Har, Replay, read_har
from linkskipper.egress.har.model import Log
from linkskipper.resolver import Resolver
from support.replay import at_once, replay

CATALOG = Catalog.load()
NAMED = [each for each in CATALOG.providers if not each.is_fallback]


def test_no_problems() -> None:
    """All files are right, together."""
    assert check([BUILTIN]) == []
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
        ("https://ouo.io/abcd", "ouo"), ("https://ouo.press/abcd", "ouo"), ("https://exe.io/abc", "exe"),
        ("https://aylink.co/abc", "aylink"), ("https://link.tl/abc", "linktl"), ("https://cuty.io/abc", "cuty"),
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


@pytest.mark.parametrize(
    ("provider", "tier"),
    [("ouo", "standard"), ("exe", "premium"), ("aylink", "standard"), ("linktl", "standard"), ("cuty", "premium")],
)
def test_tiers_of_the_advertising_ones(provider: str, tier: str) -> None:
    """Those that the contract's clients name have their price class, and no better status than is known."""
    found = CATALOG.find(provider)
    assert found is not None
    assert (found.tier, found.status in {"captcha", "degraded"}) == (tier, True)


def test_graveyard() -> None:
    """Dead services are told with the day."""
    find_discontinued = CATALOG.find_discontinued("abc.page.link")
    assert find_discontinued is not None
    assert find_discontinued.closed.isoformat() == "2025-08-25"


@pytest.mark.parametrize("provider", CATALOG.providers, ids=lambda provider: provider.id)
async def test_samples(provider: Provider) -> None:
    """The samples come out as their files say, by the recorded answers where any is needed; no network is asked."""
    recording = recording_of(provider.id, None)
    transport = Replay.read(recording) if recording else Replay(Har(Log([])))
    resolver = Resolver(CATALOG, transport, sleep=at_once)
    ends = {sample.url: (await resolver.resolve(sample.url)).target_url for sample in provider.samples}
    assert ends == {sample.url: sample.expect for sample in provider.samples}


@pytest.mark.parametrize("file", sorted(BUILTIN.glob("*.har")), ids=lambda file: file.stem)
async def test_recordings(file: Path) -> None:
    """Every recorded link ends again as it did, stop rules included; each recording is a provider's."""
    assert CATALOG.find(file.stem) is not None
    for outcome, resolution in await replay(read_har(file), CATALOG):
        assert (resolution.target_url, resolution.reason) == (outcome.target_url, outcome.reason)
