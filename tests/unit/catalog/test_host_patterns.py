"""Host patterns: names, subdomains and country domains."""

import pytest

from linkskipper.catalog.host_patterns import HostSet, example_host, patterns_of

HOSTS = HostSet(["exe.io", "*.sub.test", "www.exe.*"])


@pytest.mark.parametrize(
    "host",
    [
        "exe.io",
        "exe.io.",
        "a.sub.test",
        "a.b.sub.test",
        "www.exe.com",
        "www.exe.de",
        "www.exe.co.uk",
        "www.exe.com.br.",
    ],
)
def test_inside(host: str) -> None:
    """A name is itself, a wildcard is every subdomain, and a country pattern every country domain."""
    assert host in HOSTS


@pytest.mark.parametrize(
    "host",
    [
        "a.exe.io", "xexe.io", "sub.test", "exe.com", "exe.de", "a.www.exe.de", "www.exe.zip", "www.exe.org.uk",
        "www.exe.de.com", "www.exe.other.de", "www.exe", "www.exe.com.evil.test", "wwwxexe.de", "",
    ],
)  # fmt: skip
def test_outside(host: str) -> None:
    """Labels are whole, and only registries' own suffixes are country domains."""
    assert host not in HOSTS


def test_the_most_specific_comes_first() -> None:
    """The host itself, its country pattern, and then the nearest wildcard."""
    assert list(patterns_of("a.exe.co.uk")) == ["a.exe.co.uk", "a.exe.*", "*.exe.co.uk", "*.co.uk", "*.uk"]


@pytest.mark.parametrize(("pattern", "host"), [("exe.io", "exe.io"), ("*.exe.io", "exe.io"), ("exe.*", "exe.com")])
def test_example(pattern: str, host: str) -> None:
    """Each pattern has a host to speak of."""
    assert example_host(pattern) == host
