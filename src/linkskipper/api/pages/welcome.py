"""The page at the root of the service. It is for browsers: API clients get a problem document there."""

from linkskipper.api.pages.html import html_page
from linkskipper.api.request import Request
from linkskipper.api.responses import Response
from linkskipper.errors import NotFound

BODY = """
<header>
<h1>Link Skipper</h1>
<p class="lead">This service resolves short links. Give it a link, and get the URL that it leads to.</p>
</header>
<main>
<ul class="links">
<li><a href="/docs">API reference</a> every call with examples</li>
<li><a href="/errors">Errors</a> every error code and what to do about it</li>
<li><a href="/openapi.json">openapi.json</a> the API for programs, in OpenAPI 3.1</li>
<li><a href="/readyz">Health</a> whether the service is ready to resolve links</li>
<li><a href="/metrics">Metrics</a> figures for Prometheus</li>
</ul>
</main>
"""


PAGE = html_page("Link Skipper", BODY)


async def welcome_page(request: Request) -> Response:
    """Return the page if the client accepts HTML."""
    if not accepts_html(request.header(b"accept") or ""):
        raise NotFound("This address is a page for browsers. The API is at /v1, its documentation at /docs.")
    return PAGE.response


def accepts_html(accept: str) -> bool:
    """Tell whether an Accept header names HTML. Wildcards do not count, because API clients send them."""
    for media_range in accept.lower().split(","):
        media_type, *parameters = (part.strip() for part in media_range.split(";"))
        if media_type in {"text/html", "application/xhtml+xml"} and "q=0" not in parameters:
            return True
    return False
