"""Turn results and errors into the plain JSON that the cases compare with."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

import linkskipper_sdk
from linkskipper_sdk import LinkSkipperError, errors

_CLASS_NAMES = {"WaitTimeout": "Timeout"}
_ERROR_MEMBERS = (
    "status",
    "code",
    "title",
    "detail",
    "type",
    "request_id",
    "retry_after",
    "headers",
    "body",
    "is_retryable",
    "balance",
    "message",
    "meta",
    "job_id",
    "waited",
    "last_error",
    "job",
    "reason",
    "stop_reason",
    "trace",
)
_PROPERTIES = ("is_terminal", "is_done")


def plain(value: Any) -> Any:
    """Return a result as plain JSON."""
    if isinstance(value, LinkSkipperError):
        return plain_error(value)
    if is_dataclass(value):
        names = [field.name for field in fields(value)] + [name for name in _PROPERTIES if hasattr(value, name)]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    if isinstance(value, Mapping):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def plain_error(error: LinkSkipperError) -> dict[str, Any]:
    """Return an error as plain JSON."""
    members = {name: plain(getattr(error, name, None)) for name in _ERROR_MEMBERS}
    code = getattr(error, "code", None)
    return {**members, "code": code, "class": class_name(type(error))}


def class_name(kind: type[BaseException]) -> str:
    """Return the neutral name of an error class."""
    return _CLASS_NAMES.get(kind.__name__, kind.__name__.removesuffix("Error"))


def error_class(name: str) -> type[BaseException]:
    """Return the error class of a neutral name."""
    spelled = next((own for own, neutral in _CLASS_NAMES.items() if neutral == name), f"{name}Error")
    kind: type[BaseException] = getattr(errors, spelled)
    assert spelled in linkskipper_sdk.__all__
    return kind
