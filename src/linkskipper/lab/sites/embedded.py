"""Links that carry their destination within themselves: nobody need be asked."""

from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

from linkskipper.lab.site import Link, Site, destination
from linkskipper.lab.wire import Reply, Request, document, page

PLAIN = destination("embedded?a=1")
UNRESERVED = destination("embedded/~?~?")
"""Its base64 has the two letters that base64url spells otherwise."""


def _nothing_asked(_request: Request) -> Reply:
    return page(document("<p>The destination stands in the link itself; there was no need to ask.</p>"))


def _site(name: str, title: str, about: str, *links: Link) -> Site:
    return Site(name, title, about, links, otherwise=_nothing_asked)


EMBEDDED = (
    _site(
        "query",
        "In the query",
        "The destination stands in the parameter <code>url</code>.",
        Link(f"/out?url={PLAIN}", "As it is", target=PLAIN),
        Link(f"/out?id=7&url={quote(PLAIN, safe='')}", "Percent-encoded", target=PLAIN),
    ),
    _site(
        "twice",
        "In the query, encoded twice",
        "Percent-encoded, and percent-encoded again.",
        Link(f"/out?url={quote(quote(PLAIN, safe=''), safe='')}", "Percent-encoded twice", target=PLAIN),
    ),
    _site(
        "base64",
        "In the query, as base64",
        "The destination in base64.",
        Link(f"/out?r={quote(b64encode(UNRESERVED.encode()).decode(), safe='')}", "base64", target=UNRESERVED),
    ),
    _site(
        "base64url",
        "In the query, as base64url",
        "The destination in the base64 for URLs, without padding.",
        Link(f"/out?r={urlsafe_b64encode(UNRESERVED.encode()).decode().rstrip('=')}", "base64url", target=UNRESERVED),
    ),
    _site(
        "hex",
        "In the query, in hexadecimal",
        "The destination in hexadecimal digits.",
        Link(f"/out?r={PLAIN.encode().hex()}", "Hexadecimal", target=PLAIN),
    ),
    _site(
        "reversed",
        "In the query, backwards",
        "The destination in base64, written backwards.",
        Link(f"/out?r={quote(b64encode(PLAIN.encode()).decode()[::-1], safe='')}", "Reversed base64", target=PLAIN),
    ),
    _site(
        "path",
        "In the path",
        "The destination is a segment of the path.",
        Link(f"/go/{urlsafe_b64encode(PLAIN.encode()).decode().rstrip('=')}", "base64url in the path", target=PLAIN),
    ),
    _site(
        "fragment",
        "In the fragment",
        "The destination stands in the part that is never sent.",
        Link(f"/go#{quote(PLAIN, safe='')}", "Percent-encoded in the fragment", target=PLAIN),
    ),
)
