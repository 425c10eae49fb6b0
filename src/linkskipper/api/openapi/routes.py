"""GET /openapi.json and GET /docs."""

import msgspec
from litestar import MediaType, Response
from litestar.handlers import HTTPRouteHandler

from linkskipper.api.openapi.document import describe
from linkskipper.api.openapi.page import render
from linkskipper.api.reading import get


def routes(base_url: str) -> list[HTTPRouteHandler]:
    """The route handlers; what they answer is made once."""
    document = describe(base_url)
    encoded, html = msgspec.json.encode(document), render(document)

    @get("/openapi.json", sync_to_thread=False)
    def openapi() -> Response[bytes]:
        """The OpenAPI document."""
        return Response(encoded, media_type=MediaType.JSON)

    @get("/docs", media_type=MediaType.HTML, sync_to_thread=False)
    def docs() -> str:
        """The reference page."""
        return html

    return [openapi, docs]
