"""Any number of links, answered as fast as can be: for benchmarks and demonstrations."""

from linkskipper.lab.site import Link, Site, destination
from linkskipper.lab.wire import Reply, Request

BEFORE = f"HTTP/1.1 301 Moved Permanently\r\nLocation: {destination('landing')}"
AFTER = "\r\nContent-Length: 0\r\n\r\n"


def _land(request: Request) -> Reply:
    query = f"?{request.query}" if request.query else ""
    return f"{BEFORE}{request.path}{query}{AFTER}".encode("latin-1")


BULK = Site(
    "bulk",
    "Bulk",
    "<code>/anything</code> leads to <code>landing/anything</code>, thousands of links a second.",
    (Link("/demo-1", "One of as many links as you like", target=destination("landing/demo-1")),),
    otherwise=_land,
)
