"""Tell the pages to which a shortener sends links that it does not know: its home page, or one about errors."""

import re

from linkskipper.egress import Response, Url

_HOME = frozenset({"/", "/index.html", "/index.htm", "/index.php", "/home", "/home/"})
_ABOUT_ERRORS = re.compile(
    r"/(?:errors?/)?(?:4(?:04|10)|(?:page|link|url)?[-_]?not[-_]?found|(?:link[-_]?)?(?:expired|removed|deleted|invalid|"
    r"disabled|banned|inactive)|error|oops|missing)(?:\.\w+|/)?",
    re.IGNORECASE,
)
# Cookies of networks in front of a server, which say nothing about the link.
_OF_A_NETWORK = ("__cf", "_cf", "cf_", "AWSALB", "incap_ses", "visid_incap", "__ddg")


def is_home(url: Url) -> bool:
    """Return whether a URL is that of a home page, whatever its query says."""
    return url.path in _HOME


def is_sent_home(link: Url, url: Url) -> bool:
    """Return whether a redirect from a link to a URL leads to the home page of the link's own site."""
    is_plain = not url.query and url.fragment in {"", link.fragment}
    return is_home(url) and is_plain and not is_home(link) and _is_same_site(link, url)


def is_about_unknown_links(link: Url, url: Url) -> bool:
    """Return whether a page of the link's own site is one for links that do not exist, if it leads nowhere.

    That is its home page, a page about errors, or the folder of the link: a shortener may be in a folder.
    """
    if is_home(link) or link.path == url.path or not _is_same_site(link, url):
        return False
    folder = link.path.rstrip("/").rpartition("/")[0] + "/"
    return is_home(url) or url.path == folder or _ABOUT_ERRORS.fullmatch(url.path) is not None


def sets_state(response: Response) -> bool:
    """Return whether a response sets a cookie that its server may need on the next page."""
    cookies = response.headers.getall("Set-Cookie", ())
    return any(not cookie.lstrip().startswith(_OF_A_NETWORK) for cookie in cookies)


def _is_same_site(link: Url, url: Url) -> bool:
    return link.host.removeprefix("www.") == url.host.removeprefix("www.")
