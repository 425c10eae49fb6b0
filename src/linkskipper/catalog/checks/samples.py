"""Whether a provider's samples can be what they say, and whether each of its hosts has one."""

from collections.abc import Iterator

from linkskipper.catalog.checks.issues import Finding
from linkskipper.catalog.fields import WILDCARD
from linkskipper.catalog.misp_hosts import read_hosts
from linkskipper.catalog.provider import Provider, Sample
from linkskipper.egress import BadUrl, ForeignScheme, Url, canonical

SHOWN = 5


def check_samples(provider: Provider) -> Iterator[Finding]:
    """What is wrong with the samples; those of the dead need not be any more."""
    hosts = set()
    for number, sample in enumerate(provider.samples):
        place = f"samples[{number}]"
        url = _read(sample.url)
        if url is None:
            yield Finding(f"{place}.url", f'"{sample.url}" is no http or https URL; write a whole link')
            continue
        hosts.add(url.host)
        yield from _check_url(provider, place, url)
        yield from _check_expect(provider, place, url, sample)
    if provider.status != "dead":
        yield from _check_hosts(provider, hosts)


def _check_url(provider: Provider, place: str, url: Url) -> Iterator[Finding]:
    if not provider.owns(url.host):
        yield Finding(f"{place}.url", f"{url.host} is none of the hosts; add it to them, or mend the sample")
    elif not provider.is_link(url):
        yield Finding(f"{place}.url", f'"{url.path}" is no link by match.path; mend the one or the other')


def _check_expect(provider: Provider, place: str, url: Url, sample: Sample) -> Iterator[Finding]:
    try:
        expect = canonical(sample.expect)
    except ForeignScheme as foreign:
        if foreign.scheme not in provider.accept.schemes:
            yield Finding(f"{place}.expect", f"{foreign.scheme}: is not among accept.schemes; list it there")
        return
    except BadUrl:
        yield Finding(f"{place}.expect", f'"{sample.expect}" is no URL; write the whole destination')
        return
    if provider.keeps(url.host, expect.host):
        yield Finding(f"{place}.expect", f"{expect.host} is the provider's own, where no link ends; name where it does")
    elif provider.is_decoy(expect.host):
        yield Finding(f"{place}.expect", f"{expect.host} is among accept.decoys; take it out there, or mend the sample")


def _check_hosts(provider: Provider, sampled: set[str]) -> Iterator[Finding]:
    listed = set() if provider.hosts_from is None else set(read_hosts(provider.hosts_from))
    missing = [host for host in provider.hosts if host not in listed and not _is_sampled(host, sampled)]
    if missing:
        some = ", ".join(missing[:SHOWN]) + (f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else "")
        yield Finding("samples", f"there is none for {some}; add a link, as url, and where it leads, as expect")


def _is_sampled(pattern: str, hosts: set[str]) -> bool:
    """A wildcard's sample may be on the domain itself too."""
    if not pattern.startswith(WILDCARD):
        return pattern in hosts
    domain = pattern.removeprefix(WILDCARD)
    return any(host == domain or host.endswith(f".{domain}") for host in hosts)


def _read(text: str) -> Url | None:
    try:
        return canonical(text)
    except BadUrl:
        return None
