"""The types of a provider file's fields; each says in its error how to mend what is wrong."""

import re
from typing import Annotated, Any

import re2
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from linkskipper.egress import BadUrl, canonical

WILDCARD = "*."
_VARIABLE = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
_QUIET = re2.Options()
_QUIET.log_errors = False


class Table(BaseModel):
    """A TOML table: unknown fields are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _check_host(text: str) -> str:
    name = text.removeprefix(WILDCARD)
    try:
        same = canonical(f"https://{name}/").host == name
    except BadUrl:
        same = False
    if not same or "." not in name.strip("."):
        raise ValueError(f'"{text}" is no host name; write it in lower case, without scheme or path, as "exe.io"')
    return text


def _compile(value: object) -> Any:
    if not isinstance(value, str):
        raise ValueError("this must be a pattern in quotes")  # noqa: TRY004 - pydantic reports ValueErrors
    try:
        return re2.compile(value, _QUIET)
    except re2.error as error:
        reason = error.args[0]
        reason = reason.decode() if isinstance(reason, bytes) else reason
        raise ValueError(f"the pattern is not one of RE2's ({reason}); see docs/providers.md") from None


def _check_selector(text: str) -> str:
    try:
        LexborHTMLParser("").css_first(text)
    except SelectolaxError:
        raise ValueError(f'"{text}" is no CSS selector; write one as "a#continue"') from None
    return text


def _check_variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise ValueError(f'"{text}" is no variable; write its name, or names joined by dots, as "app_vars.link"')
    return text


HostPattern = Annotated[str, AfterValidator(_check_host)]
"""A host, or "*." and a host for each of its subdomains."""

Pattern = Annotated[Any, BeforeValidator(_compile)]
"""A regular expression on an engine that takes linear time, whatever the file's author and the page's wrote."""

Selector = Annotated[str, AfterValidator(_check_selector)]
Variable = Annotated[str, AfterValidator(_check_variable)]


def matches(host: str, patterns: frozenset[str]) -> bool:
    """Whether any pattern covers the host, on label boundaries."""
    return host in patterns or any(WILDCARD + parent in patterns for parent in parents(host))


def parents(host: str) -> list[str]:
    """The domains that a host lies in, the nearest first."""
    labels = host.split(".")
    return [".".join(labels[cut:]) for cut in range(1, len(labels))]
