"""Parse the links that clients submit."""

from functools import lru_cache

from linkskipper.catalog import Catalog
from linkskipper.errors import UnsupportedLink
from linkskipper.resolver import ParsedLink, Unsupported, parse_link

REMEMBERED_LINKS = 4096


class LinkParser:
    """Parses links with a catalog that may be reloaded.

    It remembers the last links, because clients submit cached links again and again, and a parse costs a tenth of a
    cached answer (docs/decisions/0008-cached-answers.md).
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._index = catalog.index
        self._parse = lru_cache(REMEMBERED_LINKS)(self._parse_new)

    def parse(self, text: str) -> ParsedLink:
        """Return the link in a text.

        Raises:
            UnsupportedLink: the text contains no link of a supported provider.
        """
        if self._index is not self._catalog.index:
            self._index = self._catalog.index
            self._parse.cache_clear()
        return self._parse(text)

    def _parse_new(self, text: str) -> ParsedLink:
        try:
            return parse_link(text, self._catalog)
        except Unsupported as error:
            raise UnsupportedLink(str(error)) from None
