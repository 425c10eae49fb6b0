"""Show text that strangers wrote: as text, with nothing invisible in it, and URLs by the parts that matter."""

import unicodedata
from functools import lru_cache

import msgspec
from publicsuffixlist import PublicSuffixList

from linkskipper.egress import BadUrl, read_url

# Control and format characters, separators other than the space, and characters of no assigned meaning.
HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Zs"})
COMBINING = frozenset({"Mn", "Me"})
MAX_COMBINING = 3
_suffixes = PublicSuffixList()


def visible(value: object) -> str:
    """Return a text in which every character can be seen. Those that cannot are written as their code."""
    text, stacked = [], 0
    for character in str(value):
        category = unicodedata.category(character)
        stacked = stacked + 1 if category in COMBINING else 0
        is_hidden = (category in HIDDEN and character != " ") or stacked > MAX_COMBINING
        text.append(f"⟨U+{ord(character):04X}⟩" if is_hidden else character)
    return "".join(text)


class UrlView(msgspec.Struct, frozen=True):
    """A URL in parts. `domain` is the part of the host that somebody registered. `href` is None if it must not open."""

    text: str
    scheme: str
    before: str
    domain: str
    after: str
    href: str | None
    reading: str | None


@lru_cache(maxsize=2048)
def url_view(text: str) -> UrlView:
    """Split a URL. A text that is not an http or https URL is shown as it is, and cannot be opened."""
    try:
        url = read_url(text)
    except BadUrl:
        return UrlView(visible(text), "", "", "", visible(text), None, None)
    host = f"[{url.host}]" if ":" in url.host else url.host
    after = url.href[len(f"{url.scheme}://{host}") :]
    is_address = ":" in url.host or url.host[-1].isdigit()
    domain = host if is_address else _suffixes.privatesuffix(host) or host
    before = host.removesuffix(domain)
    return UrlView(visible(url.href), url.scheme, before, domain, visible(after), url.href, _reading(url.host))


def _reading(host: str) -> str | None:
    """Return how an internationalized host reads, None for other hosts."""
    if "xn--" not in host:
        return None
    try:
        return visible(host.encode("ascii").decode("idna"))
    except UnicodeError:
        return None
