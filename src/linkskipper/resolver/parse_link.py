"""Find the link in a text that somebody submitted."""

import re
from hashlib import sha256

import msgspec

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import BadUrl, ForeignScheme, HasCredentials, Url, UrlTooLong, parse_url
from linkskipper.resolver.ad_hoc import ad_hoc_provider
from linkskipper.resolver.errors import Unsupported
from linkskipper.resolver.link_ends import CUT_SHORT, is_symbol
from linkskipper.resolver.pasted_text import find_url, find_urls, href_of, without_wrapping

MAX_LINK = 32 * 1024  # characters: the 2048 that a client may send take 12 each once they are percent-encoded

_DOT = r"(?:\.|[\[({](?:\.|dot)[\])}])"
_NAME_WITH_PATH = (
    rf"[A-Za-z0-9-]++(?:{_DOT}[A-Za-z0-9-]++)++(?:/|\[/\])"
    '[^\\s,;|"<>\u3001\u3002\uff0c\uff1b\uff09\u300d]++'
)
_WORD_WITH_PATH = re.compile(
    rf"(?<![^\s,;|(\"'<\u3001\u3002\uff0c\uff1b\uff08\u300c])(?:(?<![:;])//)?{_NAME_WITH_PATH}"
)
# The same after any mark, such as a colon, an arrow, a quotation mark, or two slashes that stand for either scheme.
_WORD_AFTER_A_MARK = re.compile(rf"(?<![A-Za-z0-9@./%&?#\u00c0-\u024f_-])(?:(?<![:;])//|__?)?{_NAME_WITH_PATH}")
# A symbol after letters of the path. A path may consist of symbols.
_PATH_WITH_SYMBOL = re.compile(r"\A[^?#]*/[^/?#]*[A-Za-z0-9][^/?#]*\Z")
_NAME_OF_LETTERS = re.compile(r"[A-Za-z]{2}(?:/|\[/\])")  # numbers such as 1.5/5 are not links
_WORD = re.compile(r"\S+")
REPLACEMENT_CHARACTER = "\ufffd"
"""The character for bytes that are not text. No link has it."""


class ParsedLink(msgspec.Struct, frozen=True, gc=False):
    """A link of a provider. `key` is the SHA-256 of its canonical URL."""

    url: Url
    provider: Provider
    key: bytes


def parse_link(text: str, catalog: Catalog) -> ParsedLink:
    """Return the link in a text with its key (see `find_link`).

    Raises:
        Unsupported: As `find_link`.
    """
    url, provider = find_link(text, catalog)
    return ParsedLink(url, provider, sha256(url.href.encode()).digest())


def find_link(text: str, catalog: Catalog, *, generic: bool = False, canonical: bool = False) -> tuple[Url, Provider]:
    """Return the link in a text: the text itself, or the first http or https URL in it. No request is sent.

    With `generic`, a host that no provider file names gets an ad hoc provider. With `canonical`, a text that is a
    canonical URL is the link, even if it looks as if it contained another one.

    Raises:
        Unsupported: The text contains no link of a supported provider. The message says what to do.
    """
    url = (_canonical_url(text) if canonical else None) or _find_url(text.strip(), catalog)
    provider = catalog.owner(url.host)
    if provider is None and generic and catalog.find_discontinued(url.host) is None:
        provider = ad_hoc_provider(url.host)
    if provider is None:
        raise Unsupported(_unsupported_message(url, catalog, generic=generic))
    if not provider.is_link(url):
        if catalog.find_discontinued(url.host) is not None:
            raise Unsupported(_unsupported_message(url, catalog))
        raise Unsupported(f"{url.href} is a page of {provider.label}, not a short link. Send the link itself.")
    return url, provider


def _canonical_url(text: str) -> Url | None:
    try:
        url = parse_url(text, limit=MAX_LINK)
    except BadUrl:
        return None
    return url if url.href == text else None


def _find_url(text: str, catalog: Catalog) -> Url:
    urls, bare = _links_in(text, catalog)
    if len(urls) + len(bare) > 1:
        raise Unsupported("The text contains several links. Send one link at a time.")
    if bare:
        return bare[0]
    written = urls[0] if urls else find_url(text)
    if written is None:
        return _without_scheme(text, catalog) or _parse(text, is_found=False)
    if REPLACEMENT_CHARACTER in written:
        raise Unsupported("The link has characters that could not be read. Send it as UTF-8.")
    _check_whole(written)
    return _parse(written)


def _links_in(text: str, catalog: Catalog) -> tuple[list[str], list[Url]]:
    """Return the URLs in a text, and its links without a scheme that are not the same as one of the URLs.

    Raises:
        Unsupported: Nobody can tell which link is meant, or where a link ends.
    """
    words = _BareLinks(catalog)
    rest = _WORD_WITH_PATH.sub(lambda found: words.take(found[0]), text)
    has_strangers = words.has_strangers
    rest = _WORD.sub(lambda word: words.take_after_marks(word[0]), rest)
    urls = find_urls(rest) if "://" in rest or not words.found else []
    if not words.found:
        return urls, []
    if not urls and has_strangers:
        raise Unsupported("The text contains several words that may be links. Send one link at a time.")
    known = {_without_its_scheme(href_of(url)) for url in urls}
    return urls, [url for href, url in words.found.items() if _without_its_scheme(href) not in known]


class _BareLinks:
    """Takes the links without a scheme out of a text. A stranger is a word that only looks like one."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.found: dict[str, Url] = {}
        self.has_strangers = False

    def take(self, word: str, before: str = "") -> str:
        """Return a space for a link, and any other word as it is. `before` is what stands before the word."""
        url = _bare_link(word, self._catalog, before)
        if url is None:
            self.has_strangers |= _NAME_OF_LETTERS.search(word) is not None
            return word
        self.found[url.href] = url
        return " "

    def take_after_marks(self, word: str) -> str:
        """Do the same for all that may be links after marks in a word."""
        if "://" in word:
            return word
        return _WORD_AFTER_A_MARK.sub(lambda found: self.take(found[0], word[: found.start()]), word)


def _without_its_scheme(href: str) -> str:
    return href.partition(":")[2]


def _bare_link(word: str, catalog: Catalog, before: str) -> Url | None:
    """Parse a word that is a link of the catalog without its scheme."""
    url = _without_scheme(word, catalog, before)
    provider = None if url is None else catalog.owner(url.host)
    return url if url is not None and provider is not None and provider.is_link(url) else None


def _check_whole(url: str) -> None:
    """Check that nothing is missing at the end of a URL, and that nothing else follows it: that would be another link.

    Raises:
        Unsupported: It was.
    """
    if (mark := next(filter(url.endswith, CUT_SHORT), None)) is not None:
        raise Unsupported(f"The link ends with {mark}, so a part of it is missing. Send the whole link.")
    if url and is_symbol(url[-1]) and _PATH_WITH_SYMBOL.search(url):
        raise Unsupported(f"The link ends with {url[-1]}. Put white space between the link and what follows it.")


def _without_scheme(text: str, catalog: Catalog, before: str = "") -> Url | None:
    """Parse a link such as bit.ly/abc. Only hosts of the catalog may omit the scheme: else any word would be a URL."""
    word = without_wrapping(text, before)
    try:
        url = parse_url(f"https://{word}", limit=MAX_LINK)
    except BadUrl:
        return None
    if catalog.owner(url.host) is None and catalog.find_discontinued(url.host) is None:
        return None
    _check_whole(word)
    return url


def _parse(text: str, *, is_found: bool = True) -> Url:
    try:
        return parse_url(text, limit=MAX_LINK)
    except ForeignScheme as foreign:
        raise Unsupported(f"{foreign.scheme}: links are not supported. Send an http or https link.") from None
    except UrlTooLong as error:
        raise Unsupported(f"The link is longer than {error.limit} characters.") from None
    except HasCredentials:
        raise Unsupported("Links with a user name or a password are not opened. Send the link without them.") from None
    except BadUrl as error:
        if is_found:
            raise Unsupported(f"The link cannot be read: {error}. Check its spelling.") from None
        raise Unsupported("There is no URL in the text. Send one link, such as https://bit.ly/abc.") from None


def _unsupported_message(url: Url, catalog: Catalog, *, generic: bool = False) -> str:
    service = catalog.find_discontinued(url.host)
    if service is not None:
        return f"{service.label} closed on {service.closed:%d %B %Y}: {service.reason}"
    if generic:
        return f"{url.host} is not the name of a host on the internet, so it is not a shortener."
    return f"{url.host} is not a shortener that is supported here. GET /v1/providers lists those that are."
