"""The pages of the service: welcome, reference and errors."""

from collections.abc import Mapping

from linkskipper.api.openapi import openapi_document
from linkskipper.api.pages.errors import errors_page
from linkskipper.api.pages.reference import reference_page
from linkskipper.api.pages.welcome import welcome_page
from linkskipper.api.problems import ERRORS_PATH
from linkskipper.api.responses import Responder, constant, json_response


def pages(base_url: str) -> Mapping[str, Responder]:
    """Return the pages and the OpenAPI document by path."""
    document = openapi_document(base_url)
    return {
        "/": welcome_page(base_url),
        "/docs": constant(reference_page(document)),
        ERRORS_PATH: constant(errors_page()),
        "/openapi.json": constant(json_response(document)),
    }
