"""The errors of the OpenAPI document."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from linkskipper.accounts.authentication import INVALID_KEY_DETAIL
from linkskipper.api.openapi.content import Json, json_content, reference
from linkskipper.api.openapi.headers import LIMITED_RESPONSE_HEADERS, RESPONSE_HEADERS, header_references
from linkskipper.api.problems import (
    PROBLEM_TYPE,
    InternalError,
    MethodNotAllowed,
    ServiceUnavailable,
    explanation,
    problem_document,
    problem_headers,
    problem_types,
)
from linkskipper.errors import ApiError, InvalidKey, OutOfCredits, RateLimited

COMMON_ERRORS = (
    InvalidKey(INVALID_KEY_DETAIL),
    RateLimited("This key may call 60 times in 60 seconds. Try again in 12 s.", retry_after=12),
    InternalError(),
    ServiceUnavailable(),
)
METHOD_NOT_ALLOWED = MethodNotAllowed(("GET", "HEAD", "OPTIONS"))
WITHOUT_LIMITS = (InvalidKey, MethodNotAllowed, InternalError, ServiceUnavailable)  # may come before the key is known


def problem_responses(errors: Iterable[ApiError], base_url: str) -> dict[str, Json]:
    """Return the responses of an endpoint by status: those of its own errors and those of every call."""
    by_status = sorted([*COMMON_ERRORS, *errors], key=lambda error: error.status)
    return {
        str(status): problem_response(list(group), base_url)
        for status, group in groupby(by_status, key=lambda error: error.status)
    }


def problem_response(errors: Sequence[ApiError], base_url: str) -> Json:
    """Return the response of errors that share a status."""
    references = [reference(type(error)) for error in errors]
    limits = () if any(isinstance(error, WITHOUT_LIMITS) for error in errors) else LIMITED_RESPONSE_HEADERS
    own = sorted({name for error in errors for name in problem_headers(error)})
    examples = {error.code: problem_document(error, base_url) for error in errors}
    return {
        "description": " ".join(f"`{error.code}`: {explanation(type(error))[0]}" for error in errors),
        "headers": header_references(*RESPONSE_HEADERS, *limits, *own),
        "content": {PROBLEM_TYPE: json_content(references[0] if len(errors) == 1 else {"oneOf": references}, examples)},
    }


def problem_schemas() -> dict[str, Json]:
    """Return the schema of every problem document by the name of its error."""
    return {error.__name__: _problem_schema(error) for error in problem_types()}


def _problem_schema(error: type[ApiError]) -> Json:
    members: Json = {
        "type": {"type": "string", "format": "uri", "pattern": f"#{error.code}$"},
        "title": {"const": error.title},
        "status": {"const": error.status},
        "code": {"const": error.code},
        "detail": {"type": "string", "description": "What to do about it."},
    }
    if error is OutOfCredits:
        members["balance"] = {"type": ["integer", "null"], "description": "The credits of the account."}
    return {
        "title": error.title,
        "description": " ".join(explanation(error)).replace("\n", " ").replace("``", "`"),
        "type": "object",
        "properties": members,
        "required": list(members),
    }
