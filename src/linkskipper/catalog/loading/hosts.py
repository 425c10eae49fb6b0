"""Refuse provider files that claim more than a shortener's own hosts."""

from collections.abc import Iterator
from functools import cache

from publicsuffixlist import PublicSuffixList

from linkskipper.catalog.discontinued import DiscontinuedFile
from linkskipper.catalog.host_patterns import ANY_COUNTRY, WILDCARD, example_host
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
    """Return the wildcards of a provider below which everybody can have a name, such as `*.github.io`."""
    wildcards = (host for host in provider.hosts if host.startswith(WILDCARD))
    return [host for host in wildcards if _all_suffixes().is_public(example_host(host))]


@cache
def _all_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _registry_suffixes() -> PublicSuffixList:
    """Return the suffixes of registries, without those of companies: some shorteners are among these."""
    return PublicSuffixList(only_icann=True)
