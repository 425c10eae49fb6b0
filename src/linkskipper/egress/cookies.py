"""Cookies that live for one link."""

from collections.abc import Iterable
from http.cookies import Morsel

from aiohttp import CookieJar
from yarl import URL

from linkskipper.egress.urls import Url


class Jar:
    """Cookies by the rules of RFC 6265, besides that none is kept for a whole top-level domain.

    Costs nothing until a server sets one. Made and used in one event loop.
    """

    def __init__(self) -> None:
        self._cookies: CookieJar | None = None

    def header(self, url: Url) -> str | None:
        """Give the Cookie header for a request to `url`; None if no cookie belongs there."""
        if self._cookies is None:
            return None
        found = self._cookies.filter_cookies(URL(url.href, encoded=True))
        return "; ".join(f"{name}={cookie.value}" for name, cookie in found.items()) or None

    def keep(self, url: Url, lines: Iterable[str]) -> None:
        """Take in the Set-Cookie headers of an answer from `url`."""
        if self._cookies is None:
            self._cookies = CookieJar(quote_cookie=False)
        self._cookies.update_cookies_from_headers(list(lines), URL(url.href, encoded=True))
        self._cookies.clear(lambda cookie: _too_broad(cookie, url.host))


def _too_broad(cookie: "Morsel[str]", host: str) -> bool:
    domain = cookie["domain"]
    return "." not in domain and domain != host
