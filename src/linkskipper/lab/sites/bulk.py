"""Any number of links with fast responses, for benchmarks and demonstrations."""

from linkskipper.lab.site import Site, SiteLink, destination
from linkskipper.lab.wire import LabReply, LabRequest

BEFORE = f"HTTP/1.1 301 Moved Permanently\r\nLocation: {destination('landing')}"
AFTER = "\r\nContent-Length: 0\r\n\r\n"


def _land(request: LabRequest) -> LabReply:
    query = f"?{request.query}" if request.query else ""
    return f"{BEFORE}{request.path}{query}{AFTER}".encode("latin-1")


BULK = Site(
    "bulk",
    "Bulk",
    "<code>/anything</code> leads to <code>landing/anything</code>: thousands of links per second.",
    (SiteLink("/demo-1", "One of any number of links", target=destination("landing/demo-1")),),
    otherwise=_land,
)
