"""The OpenAPI document, which derives from the route table."""

from linkskipper.api.openapi.document import openapi_document

__all__ = ["openapi_document"]
