"""The hosts in a provider file: names, all subdomains of a domain, and the country domains of a name."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

from linkskipper.egress import BadUrl, parse_url

WILDCARD = "*."
ANY_COUNTRY = ".*"

_HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
# The shortest name before the suffix: "www.google" of www.google.co.uk.
_COUNTRY_DOMAIN = re.compile(r"(.+?)\.(?:com|(?:com?\.)?[a-z]{2})")


def _check_host(text: str) -> str:
    name = example_host(text)
    if not _HOST_NAME.fullmatch(name) or _canonical_host(name) != name:
        raise ValueError(f'"{text}" is not a host name. Write it in lower case, without scheme or path, as "exe.io".')
    if text.startswith(WILDCARD) and text.endswith(ANY_COUNTRY):
        raise ValueError(f'"{text}" has two stars. Write "*.exe.io" for subdomains or "exe.*" for country domains.')
    return text


def _canonical_host(name: str) -> str | None:
    try:
        return parse_url(f"https://{name}/").host
    except BadUrl:
        return None


HostPattern = Annotated[str, AfterValidator(_check_host)]
"""A host, "*." and a domain for each of its subdomains, or a name and ".*" for each of its country domains.

`exe.*` is exe.com, and exe under a country's domain: exe.de, exe.co.uk, exe.com.br.
"""


def is_name(pattern: str) -> bool:
    """Return whether a pattern is the name of one host."""
    return "*" not in pattern


def example_host(pattern: str) -> str:
    """Return a host that a pattern is about: the domain itself for its subdomains, or the country domain .com."""
    name = pattern.removeprefix(WILDCARD)
    return name.removesuffix(ANY_COUNTRY) + ".com" if name.endswith(ANY_COUNTRY) else name


@lru_cache(maxsize=10_000)
def patterns_of(host: str) -> tuple[str, ...]:
    """Return the patterns that a host can match, the most specific first."""
    host = host.removesuffix(".")
    match = _COUNTRY_DOMAIN.fullmatch(host)
    country = () if match is None else (match[1] + ANY_COUNTRY,)
    return (host, *country, *(WILDCARD + parent for parent in parents(host)))


def parents(host: str) -> Iterator[str]:
    """Yield the domains that a host lies in, the nearest first."""
    dot = host.find(".")
    while dot >= 0:
        yield host[dot + 1 :]
        dot = host.find(".", dot + 1)


class HostSet:
    """Host patterns, matched on label boundaries."""

    __slots__ = ("_patterns",)

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = frozenset(patterns)

    def __contains__(self, host: str) -> bool:
        return bool(self._patterns) and any(pattern in self._patterns for pattern in patterns_of(host))
