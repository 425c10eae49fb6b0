"""What is wrong with a provider file, in words that say how to mend it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from linkskipper.catalog import discontinued, provider, steps
from linkskipper.errors import CatalogError

_TABLES: tuple[type[BaseModel], ...] = (
    provider.Provider,
    provider.Match,
    provider.Limits,
    provider.Browser,
    provider.Accept,
    provider.Sample,
    steps.FromQuery,
    steps.FromPath,
    steps.Link,
    steps.ScriptValue,
    steps.Submit,
    steps.Xhr,
    steps.Wait,
    steps.Click,
    steps.WaitFor,
    discontinued.DiscontinuedFile,
    discontinued.DiscontinuedService,
)
_FIELDS = sorted({name for table in _TABLES for name in table.model_fields})


Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one file; `field` is "" where it is about the whole file.

    An error keeps the file from doing what it says; a warning names what is probably not meant.
    """

    file: str
    field: str
    message: str
    level: Level = "error"

    def __str__(self) -> str:
        level = "warning" if self.level == "warning" else ""
        return ": ".join(part for part in (self.file, self.field, level, self.message) if part)


def refuse(problems: Iterable[Problem]) -> None:
    """Raise CatalogError, with a line for each problem, if there is any."""
    if lines := "\n".join(map(str, problems)):
        raise CatalogError(lines)


def problems_of(file: str, error: ValidationError) -> Iterator[Problem]:
    """Translate what pydantic found."""
    for details in error.errors():
        yield Problem(file, _field(details), _message(details))


def _field(details: ErrorDetails) -> str:
    """The field's place as it would be written: steps[0].selector."""
    place = ""
    for index, part in enumerate(details["loc"]):
        if isinstance(part, int):
            place += f"[{part}]"
        elif not _is_tag(details["loc"], index):
            place += f".{part}" if place else part
    return place


def _is_tag(loc: tuple[int | str, ...], index: int) -> bool:
    """Pydantic names the kind of a step after its place in the list."""
    return loc[0] == "steps" and index == 2  # noqa: PLR2004


_MESSAGES = {
    "missing": "this field is missing; add it",
    "extra_forbidden": "there is no such field; {suggestion}",
    "literal_error": "this must be {expected}, and is {input!r}",
    "model_type": "this must be a table, as {{ field = value }}",
    "union_tag_invalid": 'there is no step "{tag}"; there is {expected_tags}',
    "union_tag_not_found": 'the step does not say what it does; add use = "…"',
    "value_error": "{error}",
}


def _message(details: ErrorDetails) -> str:
    message = _MESSAGES.get(details["type"])
    if message is None:
        return details["msg"][:1].lower() + details["msg"][1:]
    context: dict[str, Any] = details.get("ctx", {})
    name = str(details["loc"][-1]) if details["loc"] else ""
    return message.format(**context, input=details["input"], suggestion=_suggestion(name))


def _suggestion(name: str) -> str:
    close = get_close_matches(name, _FIELDS, n=1)
    return f'did you mean "{close[0]}"?' if close else "remove it"
