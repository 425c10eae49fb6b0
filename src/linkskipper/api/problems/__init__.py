"""Answer errors with RFC 9457 problem documents (docs/reference/api.md, "Errors")."""

from linkskipper.api.problems.documents import (
    ERRORS_PATH,
    MAX_RETRY_SECONDS,
    PROBLEM_TYPE,
    explanation,
    problem_document,
    problem_headers,
    problem_types,
)
from linkskipper.api.problems.errors import InternalError, MethodNotAllowed, ServiceUnavailable

__all__ = [
    "ERRORS_PATH",
    "MAX_RETRY_SECONDS",
    "PROBLEM_TYPE",
    "InternalError",
    "MethodNotAllowed",
    "ServiceUnavailable",
    "explanation",
    "problem_document",
    "problem_headers",
    "problem_types",
]
