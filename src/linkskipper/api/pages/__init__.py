"""The pages of the service: welcome, reference and errors."""

from collections.abc import Collection, Mapping

from linkskipper.api.openapi import openapi_document
from linkskipper.api.pages.errors import errors_page
from linkskipper.api.pages.reference import reference_page
from linkskipper.api.pages.welcome import welcome_page
from linkskipper.api.problems import ERRORS_PATH
from linkskipper.api.responses import Responder, constant, json_response


def pages(base_url: str, monitor_paths: Collection[str]) -> Mapping[str, Responder]:
    """Return the pages and the OpenAPI document by path. The welcome page leads to `monitor_paths`."""
    document = openapi_document(base_url)
    return {
        "/": welcome_page(base_url, monitor_paths),
        "/docs": constant(reference_page(document)),
        ERRORS_PATH: constant(errors_page()),
        "/openapi.json": constant(json_response(document)),
    }
