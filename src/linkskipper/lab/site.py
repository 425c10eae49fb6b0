"""How a host of the lab is declared: its links, what each does, and its outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from linkskipper.lab.wire import LabReply, LabRequest, PageHandler, PageSource, response

DOMAIN = "lab.test"
NOT_FOUND = response(404, ("Content-Type", "text/plain"), body=b"No such page in the lab.\n")


def destination(path: str) -> str:
    """Return a URL for links to lead to. Nobody contacts it."""
    return f"https://example.com/{path}"


@dataclass(frozen=True, slots=True)
class SiteLink:
    """A link of a site: its path (with query and fragment, if any), what it does, and its outcome.

    The outcome is either `target` or `reason`, a stop reason of docs/reference/provider-files.md. The page comes from
    `answer` or, if that is None, from the site's `otherwise`.
    """

    path: str
    about: str
    answer: PageSource | None = None
    target: str | None = None
    reason: str | None = None
    scheme: str = "https"


@dataclass(frozen=True, slots=True)
class Site:
    """A host of the lab. `inner` are pages that links pass through, and `otherwise` answers for every other path."""

    name: str
    title: str
    about: str
    links: tuple[SiteLink, ...]
    inner: Mapping[str, PageSource] = field(default_factory=dict)
    otherwise: PageHandler | None = None

    @property
    def host(self) -> str:
        """The full host name, in the top-level domain that RFC 2606 reserves for tests."""
        return f"{self.name}.{DOMAIN}"

    def url(self, link: SiteLink) -> str:
        """Return the whole URL of a link."""
        return f"{link.scheme}://{self.host}{link.path}"

    def pages(self) -> dict[str, PageSource]:
        """Return the pages by exact path."""
        linked = {_bare(link.path): link.answer for link in self.links if link.answer is not None}
        return {**self.inner, **linked}


def _bare(path: str) -> str:
    return path.partition("#")[0].partition("?")[0]


class SiteDirectory:
    """Find the page for a request, by host and path."""

    def __init__(self, sites: Sequence[Site], front_page: bytes) -> None:
        self._pages = {site.host: site.pages() for site in sites}
        self._otherwise = {site.host: site.otherwise or NOT_FOUND for site in sites}
        self._front: dict[str, PageSource] = {"/": front_page}

    def reply(self, request: LabRequest) -> LabReply:
        """Return the response of the requested host. Hosts outside of the lab have the front page."""
        pages = self._pages.get(request.host, self._front)
        answer = pages.get(request.path) or self._otherwise.get(request.host, NOT_FOUND)
        return answer if isinstance(answer, bytes) else answer(request)
