"""Translate what pydantic reports about a provider file into issues."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from linkskipper.catalog.fields import Table
from linkskipper.catalog.issues import Issue

MAX_ISSUES = 20
"""Issues that are reported for one file. A file can hold thousands of mistakes, and a person reads a few of them."""
MAX_VALUE = 80
"""Characters of a wrong value that are shown."""

MAX_MESSAGE = 500
"""Characters of a message that are shown."""

_MESSAGES = {
    "missing": "this field is missing. Add it.",
    "extra_forbidden": "there is no such field. {suggestion}",
    "literal_error": "this must be {expected}, and is {input}",
    "model_type": "this must be a table, as {{ field = value }}",
    "too_long": "this has {actual_length} entries, and {max_length} are allowed",
    "union_tag_invalid": 'there is no step "{tag}". There is {expected_tags}.',
    "union_tag_not_found": 'the step does not say what it does. Add use = "…".',
    "string_too_short": "this is too short: it needs {min_length} characters",
    "string_too_long": "this is too long: {max_length} characters are allowed",
    "value_error": "{error}",
}


def issues_of(error: ValidationError) -> Iterator[Issue]:
    """Yield the first MAX_ISSUES issues, then one that counts the rest."""
    details = error.errors(include_url=False)
    for detail in islice(details, MAX_ISSUES):
        yield Issue(_field(detail), _message(detail))
    if (rest := len(details) - MAX_ISSUES) > 0:
        yield Issue("", f"{rest} more errors. Fix those above first.")


def _field(detail: ErrorDetails) -> str:
    """Write the field's place as steps[0].selector."""
    place = ""
    for index, part in enumerate(detail["loc"]):
        if isinstance(part, int):
            place += f"[{part}]"
        elif not _is_tag(detail["loc"], index):
            place += f".{part}" if place else part
    return place


def _is_tag(loc: tuple[int | str, ...], index: int) -> bool:
    """Pydantic puts the name of a step, or the form of a decoding, after its place in the list."""
    return loc[0] == "steps" and (index == 2 or (index > 2 and loc[index - 2] == "decode"))  # noqa: PLR2004


def _message(detail: ErrorDetails) -> str:
    message = _MESSAGES.get(detail["type"])
    if message is None:
        return _cut(detail["msg"][:1].lower() + detail["msg"][1:], MAX_MESSAGE)
    context: dict[str, Any] = detail.get("ctx", {})
    name = str(detail["loc"][-1]) if detail["loc"] else ""
    suggestion = _suggestion(name) if detail["type"] == "extra_forbidden" else ""
    value = _cut(repr(detail["input"]), MAX_VALUE)
    return _cut(message.format(**context, input=value, suggestion=suggestion), MAX_MESSAGE)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def _suggestion(name: str) -> str:
    if name in _field_names(Table):
        return "Other tables have it. Remove it here."
    close = get_close_matches(name, _field_names(Table), n=1)
    return f'Did you mean "{close[0]}"?' if close else "Remove it."


@cache
def _field_names(table: type[Table]) -> frozenset[str]:
    """Return the fields of a table type and of all types that derive from it."""
    return frozenset(table.model_fields).union(*map(_field_names, table.__subclasses__()))
