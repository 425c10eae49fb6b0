"""Cookies that live for one link: RFC 6265bis, sections 5.1 to 5.8.

SameSite does not matter when cookies are sent: it protects the session of a visitor, and here no visitor is logged in.
All cookies come from the link's own pages.

The cookie jars of HTTP libraries take "Expires: 1 January 1970", the usual way to delete a cookie, for no expiry.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache

from publicsuffixlist import PublicSuffixList

from linkskipper.egress.addresses import parse_address
from linkskipper.egress.urls import Url

_MAX_COOKIES = 180  # for one link, as in browsers for one site (the oldest are dropped first)
_MAX_PAIR = 4096  # characters of name and value together
_MAX_ATTRIBUTE = 1024
_MAX_AGE = timedelta(days=400)
# Control characters, and bytes that are not UTF-8: they cannot be sent back as they came.
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Cookie:
    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool
    expires: datetime | None

    def goes_to(self, url: Url) -> bool:
        at_home = url.host == self.domain if self.host_only else _within(url.host, self.domain)
        return at_home and _path_matches(url.path, self.path) and (url.scheme == "https" or not self.secure)


class CookieJar:
    """The cookies of one link. It costs next to nothing until a server sets one.

    No cookie is kept for a public suffix, such as `com` or `co.uk`. `now` gives the time that expiry is judged by.
    """

    __slots__ = ("_cookies", "_now")

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._cookies: dict[tuple[str, str, str], _Cookie] = {}
        self._now = now

    def header(self, url: Url) -> str | None:
        """Return the Cookie header for a request, longest paths first. Return None without a cookie for it."""
        if not self._cookies:
            return None
        now = self._now()
        found = [cookie for cookie in self._cookies.values() if cookie.goes_to(url) and not _expired(cookie, now)]
        found.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in found) or None

    def store(self, url: Url, lines: Iterable[str]) -> None:
        """Store the Set-Cookie headers of a response. Leave out what breaks the rules."""
        now = self._now()
        for line in lines:
            cookie = _read(line, url, now)
            if cookie is None:
                continue
            key = (cookie.domain, cookie.path, cookie.name)
            if url.scheme != "https" and self._hides_secure(cookie):
                continue
            if _expired(cookie, now):
                self._cookies.pop(key, None)
                continue
            self._cookies[key] = cookie
            if len(self._cookies) > _MAX_COOKIES:
                del self._cookies[next(iter(self._cookies))]

    def _hides_secure(self, new: _Cookie) -> bool:
        """Whether a cookie set over plain HTTP would stand before a secure one, or replace it."""
        return any(
            old.secure
            and old.name == new.name
            and (_within(old.domain, new.domain) or _within(new.domain, old.domain))
            and _path_matches(new.path, old.path)
            for old in self._cookies.values()
        )


def _read(line: str, url: Url, now: datetime) -> _Cookie | None:
    pair, *rest = line.split(";")
    name, equals, value = pair.partition("=")
    pairs = ((key.strip().lower(), text.strip()) for key, _, text in (item.partition("=") for item in rest))
    attributes = {key: text for key, text in pairs if len(text) <= _MAX_ATTRIBUTE}
    wanted = attributes.get("domain", "").lower().removeprefix(".")
    domain, secure = wanted or url.host, "secure" in attributes
    if not equals or not name.strip() or len(pair) > _MAX_PAIR or _UNSENDABLE.search(pair):
        return None
    if not _keeps_its_promise(name.strip().lower(), attributes):
        return None
    if not _may_set(url.host, domain) or (secure and url.scheme != "https"):
        return None
    path = attributes.get("path", "")
    return _Cookie(
        name=name.strip(),
        value=value.strip(),
        domain=domain,
        host_only=not wanted or _stands_alone(domain),
        path=path if path.startswith("/") else url.path.rpartition("/")[0] or "/",
        secure=secure,
        expires=_expiry(attributes, now),
    )


def _keeps_its_promise(name: str, attributes: dict[str, str]) -> bool:
    """Whether a cookie is what it promises: secure and, with __Host-, its host's alone and for every path."""
    if name.startswith("__host-") and (attributes.get("domain") or attributes.get("path") != "/"):
        return False
    promises = name.startswith(("__secure-", "__host-")) or attributes.get("samesite", "").lower() == "none"
    return "secure" in attributes or not promises


def _may_set(host: str, domain: str) -> bool:
    return domain == host or (_within(host, domain) and not _stands_alone(domain))


def _stands_alone(domain: str) -> bool:
    """Whether a domain's cookies must not reach what lies below it: addresses, and domains where anybody registers."""
    return parse_address(domain) is not None or _suffixes().is_public(domain)


@cache  # read where a cookie is first for more than its host
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _path_matches(path: str, wanted: str) -> bool:
    return path == wanted or path.startswith(wanted if wanted.endswith("/") else f"{wanted}/")


def _expiry(attributes: dict[str, str], now: datetime) -> datetime | None:
    """Return when a cookie expires. Max-Age wins over Expires, and a malformed attribute counts as absent."""
    age = attributes.get("max-age", "")
    if age.removeprefix("-").isascii() and age.removeprefix("-").isdigit():
        return now + min(timedelta(seconds=int(age[:10])), _MAX_AGE)
    try:
        expires = parsedate_to_datetime(attributes["expires"])
    except (KeyError, ValueError, OverflowError):
        return None
    return expires if expires.tzinfo else expires.replace(tzinfo=UTC)


def _expired(cookie: _Cookie, now: datetime) -> bool:
    return cookie.expires is not None and cookie.expires <= now
