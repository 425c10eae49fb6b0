"""The types of a provider file's fields. Each error says how to fix what is wrong."""

import re
from typing import Annotated, Any

import re2
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

MAX_PATTERN = 2000
"""Characters in a regular expression or a CSS selector."""

MAX_NAME = 100
MAX_SENTENCE = 1000
"""Characters of a text that responses, pages and terminals show."""

# Control characters, and those that turn the direction of the text around.
_UNSAFE = re.compile("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")
_VARIABLE = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
_JSON_PATH = re.compile(r"([^.\[\]\s]+|\[\d{1,4}\])(\.[^.\[\]\s]+|\[\d{1,4}\])*")
_RE2_OPTIONS = re2.Options()
_RE2_OPTIONS.log_errors = False
PATTERN_TYPE = type(re2.compile("", _RE2_OPTIONS))


class Table(BaseModel):
    """A TOML table. Unknown fields are errors, and instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)


def _compile(value: object) -> Any:
    if not isinstance(value, str):
        raise ValueError("this must be a pattern in quotes")  # noqa: TRY004 - pydantic reports ValueErrors
    _check_length(value)
    try:
        return compile_pattern(value)
    except re2.error as error:
        reason = error.args[0]
        reason = reason.decode() if isinstance(reason, bytes) else reason
        raise ValueError(f"RE2 refuses the pattern ({reason}). See docs/reference/provider-files.md.") from None


def compile_pattern(text: str) -> Any:
    """Compile a regular expression.

    Raises:
        re2.error: RE2 refuses it.
    """
    return re2.compile(text, _RE2_OPTIONS)


def _check_selector(text: str) -> str:
    _check_length(text)
    try:
        LexborHTMLParser("").css_first(text)
    except SelectolaxError:
        raise ValueError(f'"{text}" is not a CSS selector. Write one as "a#continue".') from None
    return text


def _check_sentence(text: str) -> str:
    if (found := _UNSAFE.search(text)) is not None:
        raise ValueError(f"this has the character U+{ord(found[0]):04X}, which a terminal could obey. Leave it out.")
    return text


def _check_name(text: str) -> str:
    if "\n" in text:
        raise ValueError("this has the character U+000A, a line break. Write it in one line.")
    return _check_sentence(text)


def _check_length(text: str) -> None:
    if len(text) > MAX_PATTERN:
        raise ValueError(f"this has {len(text)} characters, and {MAX_PATTERN} are allowed")


def _check_variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise ValueError(f'"{text}" is not a variable. Write its name, or names joined by dots, as "app_vars.link".')
    return text


def _check_json_path(text: str) -> str:
    if not _JSON_PATH.fullmatch(text):
        raise ValueError(f'"{text}" is not a path into JSON. Write names joined by dots, as "data.links[0].url".')
    return text


Pattern = Annotated[Any, BeforeValidator(_compile)]
"""A regular expression of RE2, which takes linear time for every pattern and every page."""

Name = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(_check_name)]
Sentence = Annotated[str, Field(max_length=MAX_SENTENCE), AfterValidator(_check_sentence)]
Selector = Annotated[str, AfterValidator(_check_selector)]
Variable = Annotated[str, AfterValidator(_check_variable)]
JsonPath = Annotated[str, AfterValidator(_check_json_path)]
