"""The description of the API is true and complete, and the same in the repository and from the service."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import schemathesis

from linkskipper.api import public_routes
from linkskipper.api.openapi import openapi_document
from linkskipper.api.problems import ERRORS_PATH, MethodNotAllowed
from linkskipper.errors import ApiError
from support.service import Service

KEPT = Path(__file__).parents[3] / "docs" / "openapi.json"
BASE = "http://127.0.0.1:8000"
DOCUMENT = openapi_document(BASE)


def bodies() -> Iterator[Any]:
    """Yield every content of every request and response, each with the name of its place."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            places = {**operation["responses"], "request": operation.get("requestBody", {"content": {}})}
            for place, described in places.items():
                for content in described["content"].values():
                    yield pytest.param(content, id=f"{method} {path} {place}")


def test_kept_in_the_repository() -> None:
    """docs/openapi.json is what the code says. `make openapi` updates it."""
    assert msgspec.json.decode(KEPT.read_bytes()) == DOCUMENT


def test_valid() -> None:
    """The document is OpenAPI 3.1 by its meta-schema."""
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    assert DOCUMENT["openapi"].startswith("3.1.")


def validator(schema: Any) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})


@pytest.mark.parametrize("content", list(bodies()))
def test_examples_are_true(content: Any) -> None:
    """Every request and response has examples, and they match its schema."""
    assert content["examples"]
    for example in content["examples"].values():
        validator(content["schema"]).validate(example["value"])


@pytest.mark.parametrize("part", ["parameters", "headers"])
def test_parameters_and_headers_have_true_examples(part: str) -> None:
    """Every parameter and every header has an example, and it matches its schema."""
    for described in DOCUMENT["components"][part].values():
        validator(described["schema"]).validate(described["example"])


def test_every_error_is_described() -> None:
    """Each code of the error tree is in the document, with its status and title."""
    schemas = DOCUMENT["components"]["schemas"]
    for error in ApiError.__subclasses__():
        members = schemas[error.__name__]["properties"]
        shown = (members["status"]["const"], members["code"]["const"], members["title"]["const"])
        assert shown == (error.status, error.code, error.title)


def described_operations() -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}


def test_every_route_is_described() -> None:
    """The routes that the application serves under /v1 are those that the document describes."""
    unused: Any = SimpleNamespace(base_url=BASE, pool=None, workers_ready=None)
    paths = public_routes(unused, with_monitor=True).paths
    served = {(method, path) for path in paths if path.startswith("/v1") for method in set(paths[path]) - {"HEAD"}}
    assert served == described_operations()


async def test_served(service: Service) -> None:
    """/openapi.json is the document with the service's own address, and needs no key."""
    async with service.session.get("/openapi.json") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        assert await response.json() == openapi_document(service.url)


async def test_reference_page(service: Service) -> None:
    """/docs shows every operation and every error, and loads nothing from elsewhere."""
    async with service.session.get("/docs") as response:
        assert (response.status, response.content_type) == (200, "text/html")
        page = await response.text()
    for _, path in described_operations():
        assert f"<code>{path}</code>" in page
    for error in ApiError.__subclasses__():
        assert f"{ERRORS_PATH}#{error.code}" in page or error is MethodNotAllowed
    assert set(re.findall(r"\b(?:src|href)=\"([^#\"][^\"]*)", page)) <= {"/openapi.json", "data:,", ERRORS_PATH} | {
        f"{ERRORS_PATH}#{error.code}" for error in ApiError.__subclasses__()
    }
    assert "<script" not in page
    assert "@import" not in page
    assert "url(" not in page
