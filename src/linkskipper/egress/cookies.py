"""Cookies that live for one link (RFC 6265bis, sections 5.1 to 5.8).

SameSite is ignored when cookies are sent. It protects a visitor's account on a site, and here nobody has an account.

The cookie jars of HTTP libraries are not used: they read "Expires: 1 January 1970", the usual way to delete a cookie,
as no expiry at all.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from publicsuffixlist import PublicSuffixList

from linkskipper.egress.addresses import parse_address
from linkskipper.egress.urls import Url

_MAX_COOKIES = 180  # for one link, as many as browsers keep for one site
_MAX_PAIR = 4096  # characters of name and value together
_MAX_CHARACTERS = 64 * 1024  # of all names and values: each request may send them all
_MAX_ATTRIBUTE = 1024
_MAX_AGE = timedelta(days=400)
_MAX_AGE_DIGITS = 10
_OF_HOST = "__host-"
_OF_HTTP = ("__http-", "__host-http-")
_PREFIXES = ("__secure-", _OF_HOST, *_OF_HTTP)
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}")  # a date without seconds is none (RFC 6265bis, section 5.1.1)
# Control characters, and bytes that are not UTF-8: they cannot be sent back unchanged.
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie. A host-only cookie is not sent to the subdomains of its domain."""

    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool
    expires: datetime | None

    def __str__(self) -> str:
        """Return the cookie as a request sends it. A cookie without a name is its value alone."""
        return f"{self.name}={self.value}" if self.name else self.value

    @property
    def characters(self) -> int:
        """The characters of name and value together."""
        return len(self.name) + len(self.value)

    def matches(self, url: Url) -> bool:
        """Return whether a request for the URL sends the cookie."""
        is_host = url.host == self.domain if self.host_only else _is_within(url.host, self.domain)
        return is_host and _path_matches(url.path, self.path) and (url.scheme == "https" or not self.secure)


class CookieJar:
    """The cookies of one link. Public suffixes such as `com` or `co.uk` cannot set cookies.

    Cookies expire by the time that `now` returns. The oldest cookies are dropped first when there are too many.
    """

    __slots__ = ("_characters", "_cookies", "_now")

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}
        self._characters = 0
        self._now = now

    def header(self, url: Url) -> str | None:
        """Return the Cookie header for a request, longest paths first, or None if no cookie matches."""
        if not self._cookies:
            return None
        now = self._now()
        cookies = [cookie for cookie in self._cookies.values() if cookie.matches(url) and not _expired(cookie, now)]
        cookies.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(map(str, cookies)) or None

    def stored(self) -> list[Cookie]:
        """Return all cookies that have not expired."""
        now = self._now()
        return [cookie for cookie in self._cookies.values() if not _expired(cookie, now)]

    def store(self, url: Url, lines: Iterable[str]) -> None:
        """Store the Set-Cookie headers of a response from `url`. Lines that break the rules are ignored."""
        now = self._now()
        for line in lines:
            cookie = _parse(line, url, now)
            if cookie is None or (url.scheme != "https" and self._shadows_secure(cookie)):
                continue
            key = (cookie.domain, cookie.path, cookie.name)
            if (replaced := self._cookies.get(key)) is not None:
                self._characters -= replaced.characters
            if _expired(cookie, now):
                self._cookies.pop(key, None)
                continue
            self._cookies[key] = cookie
            self._characters += cookie.characters
            while len(self._cookies) > _MAX_COOKIES or self._characters > _MAX_CHARACTERS:
                self._characters -= self._cookies.pop(next(iter(self._cookies))).characters

    def _shadows_secure(self, new: Cookie) -> bool:
        """Return whether a cookie set over plain HTTP would replace a secure one or be sent before it."""
        return any(
            old.secure
            and old.name == new.name
            and (_is_within(old.domain, new.domain) or _is_within(new.domain, old.domain))
            and _path_matches(new.path, old.path)
            for old in self._cookies.values()
        )


def _parse(line: str, url: Url, now: datetime) -> Cookie | None:
    pair, *rest = line.split(";")
    name, value = map(str.strip, pair.partition("=")[::2] if "=" in pair else ("", pair))
    pairs = ((key.strip().lower(), text.strip()) for key, _, text in (item.partition("=") for item in rest))
    attributes = {key: text for key, text in pairs if len(text) <= _MAX_ATTRIBUTE}
    named_domain = attributes.get("domain", "").lower().removeprefix(".")
    domain, secure = named_domain or url.host, "secure" in attributes
    if not 0 < len(name) + len(value) <= _MAX_PAIR or _UNSENDABLE.search(pair):
        return None
    if not _meets_prefix(name.lower(), attributes) or (not name and value.lower().startswith(_PREFIXES)):
        return None
    if not _may_set(url.host, domain) or (secure and url.scheme != "https"):
        return None
    path = attributes.get("path", "")
    return Cookie(
        name=name,
        value=value,
        domain=domain,
        host_only=not named_domain or _is_shared(domain),
        path=path if path.startswith("/") else url.path.rpartition("/")[0] or "/",
        secure=secure,
        expires=_expiry(attributes, now),
    )


def _meets_prefix(name: str, attributes: dict[str, str]) -> bool:
    """Return whether a cookie meets what its name prefix and its attributes require (RFC 6265bis, section 4.1.3)."""
    if name.startswith(_OF_HOST) and (attributes.get("domain") or attributes.get("path") != "/"):
        return False
    if name.startswith(_OF_HTTP) and "httponly" not in attributes:
        return False
    is_cross_site = attributes.get("samesite", "").lower() == "none" or "partitioned" in attributes
    return "secure" in attributes or not (is_cross_site or name.startswith(_PREFIXES))


def _may_set(host: str, domain: str) -> bool:
    return domain == host or (_is_within(host, domain) and not _is_shared(domain))


def _is_shared(domain: str) -> bool:
    """Return whether cookies of a domain must not reach its subdomains: addresses and public suffixes."""
    return parse_address(domain) is not None or _suffixes().is_public(domain)


@cache  # loaded when the first cookie names a domain
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _path_matches(path: str, cookie_path: str) -> bool:
    return path == cookie_path or path.startswith(cookie_path if cookie_path.endswith("/") else f"{cookie_path}/")


def _expiry(attributes: dict[str, str], now: datetime) -> datetime | None:
    """Return the expiry. Max-Age wins over Expires. An unreadable value counts as absent."""
    age = attributes.get("max-age", "")
    if age.removeprefix("-").isascii() and age.removeprefix("-").isdigit():
        return now + min(timedelta(seconds=int(age[:_MAX_AGE_DIGITS])), _MAX_AGE)
    if _TIME.search(attributes.get("expires", "")) is None:
        return None
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - it loads the whole package for mail

    try:
        expires = parsedate_to_datetime(attributes["expires"])
    except (KeyError, ValueError, OverflowError):
        return None
    return expires if expires.tzinfo else expires.replace(tzinfo=UTC)


def _expired(cookie: Cookie, now: datetime) -> bool:
    return cookie.expires is not None and cookie.expires <= now
