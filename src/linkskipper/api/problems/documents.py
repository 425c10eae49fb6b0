"""Problem documents and their headers."""

from inspect import getdoc
from typing import Any

from linkskipper.api.problems.errors import MethodNotAllowed
from linkskipper.errors import ApiError, InvalidKey, OutOfCredits

ERRORS_PATH = "/errors"
PROBLEM_TYPE = "application/problem+json"
MAX_RETRY_SECONDS = 60


def problem_document(error: ApiError, base_url: str) -> dict[str, Any]:
    """Return the members of an error's problem document."""
    document: dict[str, Any] = {
        "type": f"{base_url}{ERRORS_PATH}#{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
    }
    if isinstance(error, OutOfCredits):
        document["balance"] = error.balance
    return document


def problem_headers(error: ApiError) -> dict[str, str]:
    """Return the headers that belong to an error.

    `Retry-After` is at most 60 seconds, because the official clients sleep for all of it (docs/reference/api.md,
    "Errors").
    """
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(min(MAX_RETRY_SECONDS, max(1, error.retry_after)))
    if isinstance(error, InvalidKey):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.allowed
    return headers


def problem_types() -> list[type[ApiError]]:
    """Return every error that clients may see, by status."""
    return sorted(ApiError.__subclasses__(), key=lambda error: error.status)


def explanation(error: type[ApiError]) -> list[str]:
    """Return what an error means and what a client does about it: the paragraphs of its docstring."""
    return (getdoc(error) or "").split("\n\n")
