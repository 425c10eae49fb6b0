"""Links that contain their destination, so that no request is needed."""

from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

from linkskipper.lab.site import Site, SiteLink, destination
from linkskipper.lab.wire import LabReply, LabRequest, document, page

PLAIN = destination("embedded?a=1")
UNRESERVED = destination("embedded/~?~?")
"""Its base64 has the two characters that differ in base64url."""


def _unneeded(_request: LabRequest) -> LabReply:
    return page(document("<p>The destination is in the link itself. This request was not needed.</p>"))


def _site(name: str, title: str, about: str, *links: SiteLink) -> Site:
    return Site(name, title, about, links, otherwise=_unneeded)


EMBEDDED = (
    _site(
        "query",
        "In the query",
        "The destination is in the parameter <code>url</code>.",
        SiteLink(f"/out?url={PLAIN}", "Plain", target=PLAIN),
        SiteLink(f"/out?id=7&url={quote(PLAIN, safe='')}", "Percent-encoded", target=PLAIN),
    ),
    _site(
        "twice",
        "In the query, encoded twice",
        "The destination is percent-encoded two times.",
        SiteLink(f"/out?url={quote(quote(PLAIN, safe=''), safe='')}", "Percent-encoded twice", target=PLAIN),
    ),
    _site(
        "base64",
        "In the query, as base64",
        "The destination is in base64.",
        SiteLink(f"/out?r={quote(b64encode(UNRESERVED.encode()).decode(), safe='')}", "base64", target=UNRESERVED),
    ),
    _site(
        "base64url",
        "In the query, as base64url",
        "The destination is in base64url, without padding.",
        SiteLink(
            f"/out?r={urlsafe_b64encode(UNRESERVED.encode()).decode().rstrip('=')}", "base64url", target=UNRESERVED
        ),
    ),
    _site(
        "hex",
        "In the query, in hexadecimal",
        "The destination is in hexadecimal digits.",
        SiteLink(f"/out?r={PLAIN.encode().hex()}", "Hexadecimal", target=PLAIN),
    ),
    _site(
        "reversed",
        "In the query, backwards",
        "The destination is in reversed base64.",
        SiteLink(f"/out?r={quote(b64encode(PLAIN.encode()).decode()[::-1], safe='')}", "Reversed base64", target=PLAIN),
    ),
    _site(
        "path",
        "In the path",
        "The destination is a segment of the path.",
        SiteLink(
            f"/go/{urlsafe_b64encode(PLAIN.encode()).decode().rstrip('=')}", "base64url in the path", target=PLAIN
        ),
    ),
    _site(
        "fragment",
        "In the fragment",
        "The destination is in the part that browsers never send.",
        SiteLink(f"/go#{quote(PLAIN, safe='')}", "Percent-encoded in the fragment", target=PLAIN),
    ),
)
