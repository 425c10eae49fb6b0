"""Refuse provider files that claim more than a shortener's own hosts."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from publicsuffixlist import PSLFILE, PublicSuffixList

from linkskipper.catalog.discontinued import DiscontinuedFile
from linkskipper.catalog.host_patterns import ANY_COUNTRY, WILDCARD, example_host, parents
from linkskipper.catalog.issues import Issue
from linkskipper.catalog.provider import Provider

_COUNTRIES = ("uk", "br", "jp")
"""Countries whose registries have suffixes such as co.uk, com.br and ne.jp."""


def check_hosts(content: Provider | DiscontinuedFile) -> Iterator[Issue]:
    """Yield an issue for each IP address, and for each public suffix such as `*.co.uk` or `co.*`."""
    for field, hosts in _host_fields(content):
        for index, host in enumerate(hosts):
            if message := _refusal(host):
                yield Issue(f"{field}[{index}]", message)


def _host_fields(content: Provider | DiscontinuedFile) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(content, DiscontinuedFile):
        yield from ((f"dead[{number}].hosts", service.hosts) for number, service in enumerate(content.dead))
        return
    yield "hosts", content.hosts
    yield "browser.allow", content.browser.allow
    yield "accept.decoys", content.accept.decoys


def _refusal(host: str) -> str | None:
    name = example_host(host)
    if name.rpartition(".")[2].isdigit():
        return f'"{host}" is an IP address. Write a host name, as "exe.io".'
    stem = host.removesuffix(ANY_COUNTRY)
    names = [name] if stem == host else [f"{stem}.{country}" for country in _COUNTRIES]
    if any(map(_registry_suffixes().is_public, names)):
        return f'"{host}" is a public suffix, where anybody can register a name. List the hosts themselves.'
    return None


def shared_domains(provider: Provider) -> list[str]:
    """Return the wildcards of a provider below which everybody can have a name.

    The domain is a suffix of a company, as in `*.github.io`, or has one below it, as in `*.amazonaws.com`.
    """
    wildcards = (host for host in provider.hosts if host.startswith(WILDCARD))
    return [host for host in wildcards if _is_shared(example_host(host))]


def _is_shared(domain: str) -> bool:
    return _all_suffixes().is_public(domain) or domain in _domains_with_suffixes()


@cache
def _domains_with_suffixes() -> frozenset[str]:
    """Return the domains that contain a public suffix."""
    lines = Path(PSLFILE).read_text(encoding="utf-8").splitlines()
    suffixes = (line.split()[0] for line in lines if line.strip() and not line.startswith(("//", "!")))
    return frozenset(parent for suffix in suffixes for parent in parents(suffix.removeprefix(WILDCARD)))


@cache
def _all_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _registry_suffixes() -> PublicSuffixList:
    """Return the suffixes of registries, without those of companies: some shorteners are among these."""
    return PublicSuffixList(only_icann=True)
