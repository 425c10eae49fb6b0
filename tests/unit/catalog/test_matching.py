"""Which provider a URL belongs to."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.catalog import PRICES, Catalog, DiscontinuedService, Provider
from linkskipper.egress import parse_url


def make(id_: str, *hosts: str, **fields: object) -> Provider:
    return Provider.model_validate({"id": id_, "label": id_, "hosts": hosts, "tier": "standard", **fields})


CATALOG = Catalog(
    [
        make("generic", "own.test", hosts_from="url-shortener", exclude=["adf.ly"]),
        make("exact", "exe.test", "a.wild.test", "t.co"),
        make("wild", "*.wild.test"),
        make("deep", "*.deep.wild.test"),
        make("gone", "gone.test", status="dead", since=date(2024, 5, 6), note="Sold."),
    ],
    [DiscontinuedService(hosts=("tr.im", "*.dead.test"), label="D", closed=date(2020, 1, 2), reason="It closed.")],
)


@pytest.mark.parametrize(
    ("host", "owner"),
    [
        ("exe.test", "exact"),
        ("exe.test.", "exact"),
        ("www.exe.test", None),
        ("xexe.test", None),
        ("exe.test.evil.test", None),
        ("test", None),
        ("", None),
        ("a.wild.test", "exact"),
        ("b.wild.test", "wild"),
        ("c.b.wild.test", "wild"),
        ("wild.test", None),
        ("xwild.test", None),
        ("deep.wild.test", "wild"),
        ("x.deep.wild.test", "deep"),
        ("own.test", "generic"),
        ("cutt.us", "generic"),
        ("adf.ly", None),
        ("t.co", "exact"),
        ("tr.im", None),
        ("gone.test", None),
    ],
)
def test_owner(host: str, owner: str | None) -> None:
    """Hosts match on label boundaries, exact ones first, then the nearest wildcard, the fallback last."""
    provider = CATALOG.owner(host)
    assert (provider.id if provider else None) == owner


def test_discontinued() -> None:
    """Closed services take precedence over the fallback. A provider with status dead counts as one."""
    assert CATALOG.find_discontinued("exe.test") is None
    service = CATALOG.find_discontinued("x.dead.test")
    assert service is not None
    assert service.reason == "It closed."
    assert CATALOG.find_discontinued("tr.im") == service
    gone = CATALOG.find_discontinued("gone.test")
    assert gone is not None
    assert (gone.closed, gone.reason) == (date(2024, 5, 6), "Sold.")


@given(st.from_regex(r"[a-z0-9-]{1,10}(\.[a-z0-9-]{1,10}){0,4}", fullmatch=True))
def test_owner_and_owns_agree(host: str) -> None:
    """The index finds a provider for a host exactly when the provider owns the host."""
    for under in (host, f"{host}.wild.test", f"{host}.exe.test"):
        owner = CATALOG.owner(under)
        owners = [provider.id for provider in CATALOG.providers if provider.owns(under)]
        assert (owner.id in owners) if owner else not owners or "gone" in owners


@pytest.mark.parametrize(
    ("path", "matches"), [("/abc", True), ("/ab", False), ("/", False), ("/abc/d", False), ("/abc?x#y", True)]
)
def test_match_by_path(path: str, matches: bool) -> None:  # noqa: FBT001
    """The pattern decides by the path alone, without query and fragment."""
    catalog = Catalog([make("x", "x.test", match={"path": "^/[a-z]{3,}$"})])
    assert (catalog.match(parse_url(f"https://x.test{path}")) is not None) == matches


def test_home_page_is_not_a_link() -> None:
    """Without a pattern, every path except the home page's is a link."""
    catalog = Catalog([make("x", "x.test")])
    assert catalog.match(parse_url("https://x.test/?utm=1")) is None
    assert catalog.match(parse_url("https://x.test")) is None
    assert catalog.match(parse_url("https://x.test/a")) is not None


def test_hosts_of_the_fallback_are_unrelated() -> None:
    """A link leaves the fallback when it changes hosts, and another provider when it leaves the provider's hosts."""
    generic, exact = CATALOG.find("generic"), CATALOG.find("exact")
    assert generic is not None
    assert exact is not None
    assert generic.keeps("own.test", "own.test")
    assert not generic.keeps("own.test", "cutt.us")
    assert exact.keeps("exe.test", "t.co")


def test_operator_files_take_precedence(tmp_path: Path) -> None:
    """An operator's file replaces the built-in one with its id, and takes hosts of others and of closed services."""
    file = 'id = "{}"\nlabel = "Mine"\nhosts = ["{}"]\ntier = "premium"\n'
    (tmp_path / "bitly.toml").write_text(file.format("bitly", "bit.test"))
    (tmp_path / "mine.toml").write_text(file.format("mine", "t.co"))
    (tmp_path / "revived.toml").write_text(file.format("revived", "su.pr"))
    catalog = Catalog.load(extra_dirs=[tmp_path])
    owners = {host: catalog.owner(host) for host in ("bit.test", "t.co", "su.pr", "j.mp")}
    assert {host: owner and owner.id for host, owner in owners.items()} == {
        "bit.test": "bitly",
        "t.co": "mine",
        "su.pr": "revived",
        "j.mp": "generic",
    }
    assert catalog.find_discontinued("su.pr") is None


def test_prices() -> None:
    """Each tier has one price."""
    assert PRICES == {"standard": 1, "premium": 2}
    assert [make("x", "x.test", tier=tier).resolve_cost for tier in PRICES] == [1, 2]


def test_providers_are_in_order() -> None:
    """The list is sorted by id."""
    assert [provider.id for provider in CATALOG.providers] == ["deep", "exact", "generic", "gone", "wild"]
