"""Cookies by RFC 6265bis: which are kept, and to which URLs they are sent."""

import pytest

from linkskipper.egress import CookieJar, parse_url

HERE = parse_url("https://a.s.test/dir/page?x")


def sent(line: str, *, to: str = "https://a.s.test/dir/page", by: str = HERE.href) -> str | None:
    jar = CookieJar()
    jar.store(parse_url(by), [line])
    return jar.header(parse_url(to))


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("__Secure-a=1", False),
        ("__Secure-a=1; Secure", True),
        ("__host-a=1; Secure", False),
        ("__Host-a=1; Secure; Path=/", True),
        ("__Host-a=1; Path=/", False),
        ("__Host-a=1; Secure; Path=/dir", False),
        ("__Host-a=1; Secure; Path=/; Domain=a.s.test", False),
        ("__HOST-a=1; SECURE; PATH=/", True),
        ("a=1; SameSite=None", False),
        ("a=1; SameSite=None; Secure", True),
        ("a=1; SameSite=Strict", True),
        ("a=1; SameSite=Lax; HttpOnly; Priority=High", True),
        ("a=1; Secure; Partitioned", True),
        ("a=1; Partitioned", False),
        ("__Http-a=1; Secure; HttpOnly", True),
        ("__Http-a=1; Secure", False),
        ("__Host-Http-a=1; Secure; HttpOnly; Path=/", True),
        ("__Host-Http-a=1; Secure; HttpOnly", False),
        ("__Host-Http-a=1; Secure; Path=/", False),
        ("a", True),
        ("=a", True),
        ("=__Host-a", False),
        ("=", False),
        ("a=" + "x" * 4095, True),
        ("a=" + "x" * 4096, False),
        ("a=1; Expires=Mon, 01 Jan 2001 00:00:00 GMT", False),
        ("a=1; Expires=Jan 1 2001 00:00", True),  # a time without seconds does not count
        ("a=1; Path=/" + "x" * 1025, True),  # an attribute that is too long counts as absent
        ("a=1; Max-Age=0", False),
        ("a=1; Max-Age=x", True),
        ("a=1; Domain=s.test", True),
        ("a=1; Domain=.S.TEST", True),
        ("a=1; Domain=b.a.s.test", False),
        ("a=1; Domain=other.test", False),
        ("a=1; Domain=test", False),
        ("a=1; Path=nonsense", True),
        ('a="quoted; b=c', True),
    ],
)
def test_kept(line: str, *, kept: bool) -> None:
    """A cookie must fulfil what its name and attributes promise. It is dropped if it is too large or for others."""
    assert (sent(line) is not None) == kept


@pytest.mark.parametrize(
    ("line", "to", "goes"),
    [
        ("a=1", "https://a.s.test/dir/other", True),
        ("a=1", "https://a.s.test/dir", True),
        ("a=1", "https://a.s.test/directory", False),
        ("a=1", "https://a.s.test/", False),
        ("a=1", "http://a.s.test/dir/", True),
        ("a=1", "https://a.s.test:8443/dir/", True),
        ("a=1", "https://b.a.s.test/dir/", False),
        ("a=1; Secure", "http://a.s.test/dir/", False),
        ("a=1; Path=/", "https://a.s.test/else", True),
        ("a=1; Path=/; Domain=s.test", "https://b.s.test/", True),
        ("a=1; Path=/; Domain=s.test", "https://xs.test/", False),
    ],
)
def test_sent(line: str, to: str, *, goes: bool) -> None:
    """A cookie goes back to its host, or to the domain that it names, at its path and below."""
    assert sent(line, to=to) == ("a=1" if goes else None)


@pytest.mark.parametrize("suffix", ["co.uk", "github.io", "com"])
def test_public_suffixes(suffix: str) -> None:
    """A host cannot set cookies for a public suffix. A host that is a public suffix keeps cookies for itself."""
    theirs = f"https://a.{suffix}/"
    assert sent(f"a=1; Domain={suffix}", by=theirs, to=theirs) is None
    assert sent(f"a=1; Domain={suffix}", by=theirs, to=f"https://b.{suffix}/") is None
    assert sent(f"a=1; Domain=a.{suffix}", by=theirs, to=f"https://x.a.{suffix}/") == "a=1"
    assert sent(f"a=1; Domain={suffix}", by=f"https://{suffix}/", to=f"https://{suffix}/") == "a=1"
    assert sent(f"a=1; Domain={suffix}", by=f"https://{suffix}/", to=theirs) is None


def test_plain_http_does_not_touch_secure_cookies() -> None:
    """A connection that is not secure neither replaces nor hides a secure cookie."""
    jar = CookieJar()
    jar.store(HERE, ["a=1; Secure; Path=/"])
    jar.store(parse_url("http://a.s.test/"), ["a=2; Path=/", "a=3; Path=/dir", "a=4; Path=/; Max-Age=0", "b=5; Path=/"])
    assert jar.header(HERE) == "a=1; b=5"


def test_the_oldest_go_first() -> None:
    """Of too many cookies, the latest are kept. A renewed cookie keeps its place."""
    jar = CookieJar()
    jar.store(HERE, ["first=1", *(f"c{number}=1" for number in range(179)), "first=2"])
    jar.store(HERE, ["last=1"])
    header = jar.header(HERE) or ""
    assert "first=" not in header
    assert header.endswith("last=1")
    assert header.count("=") == 180


def test_all_cookies_together_are_limited() -> None:
    """A request sends at most 64 KiB of cookies: the latest. Cookies that are renewed or deleted make room."""
    jar = CookieJar()
    size = 64 * 1024 // 20
    jar.store(HERE, [f"c{number:02}={'x' * (size - 3)}" for number in range(20)])
    jar.store(HERE, [f"c{number:02}={'y' * (size - 3)}" for number in range(20)])
    assert len(jar.stored()) == 20
    jar.store(HERE, [f"a={'1' * 15}"])
    assert len(jar.stored()) == 21
    jar.store(HERE, [f"a={'1' * 16}"])
    assert [cookie.name for cookie in jar.stored()] == [*(f"c{number:02}" for number in range(1, 20)), "a"]
    jar.store(HERE, ["c01=; Max-Age=0", f"b={'z' * (size - 1)}"])
    assert len(jar.stored()) == 20


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("__Secure-a", False),
        ("=__HTTP-a; Secure; HttpOnly", False),
        ("__Host-a; Secure; Path=/", False),
        ("=a__Host-", True),
        ("=", False),
        ("__Secure", True),
    ],
)
def test_values_that_look_like_a_prefixed_name(line: str, *, kept: bool) -> None:
    """A cookie without a name cannot pretend to have one with a prefix."""
    assert (sent(line) is not None) == kept


@pytest.mark.parametrize("line", ["a", "=a", "a; Path=/"])
def test_a_cookie_without_a_name(line: str) -> None:
    """A cookie without a name is sent as its value alone."""
    assert sent(line) == "a"
