"""How a host of the lab is declared: its links, what each does, and where each leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from linkskipper.lab.wire import Answer, Handler, Reply, Request, response

DOMAIN = "lab.test"
NOT_FOUND = response(404, ("Content-Type", "text/plain"), body=b"No such page in the lab.\n")


def destination(path: str) -> str:
    """Where links lead: a URL that nobody ever needs to contact."""
    return f"https://example.com/{path}"


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a site: its path (with query and fragment, if any), what it does and how resolving it must end.

    It ends either at ``target`` or with ``reason``, one of the stop reasons of providers.md. Where ``answer``
    is None the site's ``otherwise`` answers.
    """

    path: str
    about: str
    answer: Answer | None = None
    target: str | None = None
    reason: str | None = None
    scheme: str = "https"


@dataclass(frozen=True, slots=True)
class Site:
    """A host of the lab.

    ``inner`` are pages that links pass through; ``otherwise`` answers for every other path.
    """

    name: str
    title: str
    about: str
    links: tuple[Link, ...]
    inner: Mapping[str, Answer] = field(default_factory=dict)
    otherwise: Handler | None = None

    @property
    def host(self) -> str:
        """The full name, under a top-level domain that RFC 2606 reserves for tests."""
        return f"{self.name}.{DOMAIN}"

    def url(self, link: Link) -> str:
        """One of this site's links in full."""
        return f"{link.scheme}://{self.host}{link.path}"

    def pages(self) -> dict[str, Answer]:
        """Everything that is answered at an exact path."""
        linked = {_bare(link.path): link.answer for link in self.links if link.answer is not None}
        return {**self.inner, **linked}


def _bare(path: str) -> str:
    return path.partition("#")[0].partition("?")[0]


class Directory:
    """Finds what answers a request, by host and path."""

    def __init__(self, sites: Sequence[Site], front_page: bytes) -> None:
        self._pages = {site.host: site.pages() for site in sites}
        self._otherwise = {site.host: site.otherwise or NOT_FOUND for site in sites}
        self._front: dict[str, Answer] = {"/": front_page}

    def reply(self, request: Request) -> Reply:
        """The answer of the host that is asked; the front page's, where the host is none of the lab's."""
        pages = self._pages.get(request.host, self._front)
        answer = pages.get(request.path) or self._otherwise.get(request.host, NOT_FOUND)
        return answer if isinstance(answer, bytes) else answer(request)
