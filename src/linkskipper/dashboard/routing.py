"""Find a page by method and path."""

from collections.abc import Iterable, Mapping

from starlette.routing import compile_path

from linkskipper.dashboard.errors import PageError, not_found
from linkskipper.dashboard.page import PageRoute


class PageTable:
    """All pages."""

    def __init__(self, pages: Iterable[PageRoute]) -> None:
        self.pages = tuple(pages)
        self._exact: dict[str, dict[str, PageRoute]] = {}
        self._templates = []
        for page in self.pages:
            if page.path not in self._exact and "{" in page.path:
                self._templates.append((compile_path(page.path)[0], page.path))
            self._exact.setdefault(page.path, {})[page.method] = page

    def find(self, method: str, path: str) -> tuple[PageRoute, Mapping[str, str]]:
        """Return a page and the parameters in its path. HEAD is GET without the body.

        Raises:
            PageError: 404 or 405.
        """
        methods, parameters = self._match(path)
        page = methods.get("GET" if method == "HEAD" else method)
        if page is None:
            raise PageError(405, "Not possible", f"This address supports {', '.join(sorted(methods))}.")
        return page, parameters

    def get(self, method: str, path: str) -> PageRoute | None:
        """Return a page, or None if there is none."""
        try:
            return self.find(method, path)[0]
        except PageError:
            return None

    def _match(self, path: str) -> tuple[dict[str, PageRoute], Mapping[str, str]]:
        if "{" not in path and path in self._exact:
            return self._exact[path], {}
        for pattern, template in self._templates:
            if match := pattern.fullmatch(path):
                return self._exact[template], match.groupdict()
        raise not_found()
