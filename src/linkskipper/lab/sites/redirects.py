"""Links that redirect by a 3xx status and a Location header."""

from linkskipper.lab.site import Site, SiteLink, destination
from linkskipper.lab.wire import LabReply, LabRequest, page, redirect, response


def _status(status: int, about: str) -> SiteLink:
    target = destination(f"status/{status}")
    return SiteLink(f"/{status}", about, redirect(target, status=status), target)


def _spelled(path: str, about: str, location: str | bytes, target: str) -> SiteLink:
    return SiteLink(path, about, redirect(location), target)


def _upgrade(request: LabRequest) -> LabReply:
    secure = request.scheme == "https"
    return redirect(UPGRADED if secure else f"https://{request.host}{request.path}", status=301)


def _query_only(request: LabRequest) -> LabReply:
    return redirect(QUERY_ONLY if request.query else "?on")


QUERY_ONLY = destination("query-only")
UPGRADED = destination("upgraded")
KEPT = destination("%7Ea//b?x=1&&y=%2f#Top")
OWN_PART = destination("page#own-part")
TWICE = destination("said-twice")
EMPTY = destination("empty-location")
MOVED = '<!doctype html><title>Moved</title><meta http-equiv="refresh" content="0;url={}">'

REDIRECTS = Site(
    "redirect",
    "Redirects",
    "A 3xx status and a <code>Location</code>, in every spelling that browsers understand.",
    (
        _status(301, "Moved permanently"),
        _status(302, "Found"),
        _status(303, "See other"),
        _status(307, "Temporary redirect"),
        _status(308, "Permanent redirect"),
        SiteLink("/three", "Three redirects on the same host", redirect("/two"), destination("status/301")),
        _spelled("/path-only", "A path without a host", "/301", destination("status/301")),
        _spelled("/dots/a/b", "A relative path with dots", "../../301", destination("status/301")),
        SiteLink("/query-only", "Only a query, which keeps the path", _query_only, QUERY_ONLY),
        _spelled("/scheme-relative", "A host without a scheme", "//example.com/relative", destination("relative")),
        _spelled("/upper-case", "Scheme and host in capitals", "HTTPS://EXAMPLE.COM/Case", destination("Case")),
        _spelled("/utf-8", "Raw UTF-8 bytes", "https://example.com/café".encode(), destination("caf%C3%A9")),
        _spelled("/latin-1", "A raw Latin-1 byte", b"https://example.com/caf\xe9", destination("caf%E9")),
        _spelled("/exact", "A spelling that must not change", KEPT, KEPT),
        _spelled(
            "/inherit#part-2", "The fragment of the link is kept", destination("page"), destination("page#part-2")
        ),
        _spelled("/replace#part-2", "The fragment of the Location wins", OWN_PART, OWN_PART),
        SiteLink("/twice", "The same Location twice", redirect(TWICE, ("Location", TWICE)), TWICE),
        SiteLink(
            "/torn",
            "Two different Locations, which browsers refuse",
            redirect(destination("this"), ("Location", destination("or-that"))),
            reason="upstream_error",
        ),
        SiteLink(
            "/empty",
            "An empty Location, with a page that redirects",
            response(302, ("Location", ""), ("Content-Type", "text/html"), body=MOVED.format(EMPTY).encode()),
            EMPTY,
        ),
        SiteLink(
            "/nowhere", "A redirect without a Location", page("<p>Moved.</p>", status=302), reason="no_destination"
        ),
        SiteLink("/upgrade", "From HTTP to HTTPS, then to the destination", _upgrade, UPGRADED, scheme="http"),
    ),
    inner={"/two": redirect("/one", status=301), "/one": redirect("/301", status=307)},
)
