"""The description of the API: an OpenAPI document and a page, both made from the code that answers."""

from linkskipper.api.openapi.document import describe
from linkskipper.api.openapi.routes import routes

__all__ = ["describe", "routes"]
