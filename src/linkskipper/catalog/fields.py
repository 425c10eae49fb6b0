"""The types of a provider file's fields; each says in its error how to mend what is wrong."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import re2
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from linkskipper.egress import BadUrl, canonical

WILDCARD = "*."
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
_VARIABLE = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
_JSON_PATH = re.compile(r"([^.\[\]\s]+|\[\d{1,4}\])(\.[^.\[\]\s]+|\[\d{1,4}\])*")
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
    if not same or not _NAME.fullmatch(name):
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


def _check_json_path(text: str) -> str:
    if not _JSON_PATH.fullmatch(text):
        raise ValueError(f'"{text}" is no path into JSON; write names joined by dots, as "data.links[0].url"')
    return text


HostPattern = Annotated[str, AfterValidator(_check_host)]
"""A host, or "*." and a host for each of its subdomains."""

Pattern = Annotated[Any, BeforeValidator(_compile)]
"""A regular expression on an engine that takes linear time, whatever the file's author and the page's wrote."""

Selector = Annotated[str, AfterValidator(_check_selector)]
Variable = Annotated[str, AfterValidator(_check_variable)]
JsonPath = Annotated[str, AfterValidator(_check_json_path)]


def parents(host: str) -> Iterator[str]:
    """The domains that a host lies in, the nearest first."""
    dot = host.find(".")
    while dot >= 0:
        yield host[dot + 1 :]
        dot = host.find(".", dot + 1)


class HostSet:
    """Hosts and wildcards, matched on label boundaries."""

    __slots__ = ("_exact", "_under")

    def __init__(self, patterns: Iterable[str]) -> None:
        self._exact = frozenset(pattern for pattern in patterns if not pattern.startswith(WILDCARD))
        self._under = frozenset(pattern.removeprefix(WILDCARD) for pattern in patterns if pattern.startswith(WILDCARD))

    def __contains__(self, host: str) -> bool:
        host = host.removesuffix(".")
        return host in self._exact or (bool(self._under) and any(parent in self._under for parent in parents(host)))
