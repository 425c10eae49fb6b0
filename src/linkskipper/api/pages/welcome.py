"""The page at the root of the service. It is for browsers: API clients get a problem document there."""

import re
from collections.abc import Collection

from linkskipper.api.pages.html import html_page
from linkskipper.api.request import Request
from linkskipper.api.responses import ApiResponse, Header, Responder, problem_response
from linkskipper.errors import NotFound

BODY = """
<header>
<h1>Link Skipper</h1>
<p class="lead">This service resolves short links. Give it a link, and get the URL that it leads to.</p>
</header>
<main>
<ul class="links">
<li><a href="/dashboard">Dashboard</a> Your links, keys and credits.</li>
<li><a href="/docs">API reference</a> Every call, with examples.</li>
<li><a href="/errors">Errors</a> Every error code, and what to do about it.</li>
<li><a href="/openapi.json">openapi.json</a> The reference for programs, in OpenAPI 3.1.</li>
{monitor}</ul>
</main>
"""


MONITOR = {
    "/readyz": '<li><a href="/readyz">Health</a> Whether the service is ready to resolve links.</li>\n',
    "/metrics": '<li><a href="/metrics">Metrics</a> Figures for Prometheus.</li>\n',
}
VARY: Header = (b"vary", b"Accept")
HTML = {"text/html", "application/xhtml+xml"}
ZERO_WEIGHT = re.compile(r"q=0(\.0*)?")


def welcome_page(base_url: str, monitor_paths: Collection[str]) -> Responder:
    """Return the page for clients that accept HTML, a problem document for others."""
    monitor = "".join(MONITOR[path] for path in monitor_paths)
    page = html_page("Link Skipper", BODY.format(monitor=monitor), headers=[VARY])
    error = NotFound("This address is a page for browsers. The API is at /v1, its documentation at /docs.")
    problem = problem_response(error, base_url, headers=[VARY])

    async def respond(request: Request) -> ApiResponse:
        return page if accepts_html(request.header(b"accept") or "") else problem

    return respond


def accepts_html(accept: str) -> bool:
    """Tell whether an Accept header names HTML. Wildcards do not count, because API clients send them."""
    for media_range in accept.lower().split(","):
        media_type, *parameters = (part.strip() for part in media_range.split(";"))
        if media_type in HTML and not any(ZERO_WEIGHT.fullmatch(parameter) for parameter in parameters):
            return True
    return False
