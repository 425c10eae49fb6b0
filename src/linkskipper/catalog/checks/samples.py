"""Check that a provider's samples are possible, and that each host has one."""

from collections.abc import Iterator

from linkskipper.catalog.host_patterns import example_host, is_name, parents, patterns_of
from linkskipper.catalog.issues import Issue, some_of
from linkskipper.catalog.misp_hosts import read_hosts
from linkskipper.catalog.provider import Provider, Sample
from linkskipper.egress import BadUrl, ForeignScheme, Url, parse_url


def check_samples(provider: Provider) -> Iterator[Issue]:
    """Find impossible samples, and hosts without a sample. A dead provider needs no samples."""
    hosts = set()
    for number, sample in enumerate(provider.samples):
        place = f"samples[{number}]"
        url = _parse(sample.url)
        if url is None:
            yield Issue(f"{place}.url", f'"{sample.url}" is not an http or https URL. Write a whole link.')
            continue
        hosts.add(url.host)
        yield from _check_url(provider, place, url)
        yield from _check_expect(provider, place, url, sample)
    if provider.status != "dead":
        yield from _check_hosts(provider, hosts)


def _check_url(provider: Provider, place: str, url: Url) -> Iterator[Issue]:
    if not provider.owns(url.host):
        yield Issue(f"{place}.url", f"{url.host} is not one of the hosts. List it there, or correct the sample.")
    elif not provider.is_link(url):
        yield Issue(f"{place}.url", f'match.path does not match "{url.path}". Correct one of the two.')


def _check_expect(provider: Provider, place: str, url: Url, sample: Sample) -> Iterator[Issue]:
    try:
        expect = parse_url(sample.expect)
    except ForeignScheme as foreign:
        if foreign.scheme not in provider.accept.schemes:
            yield Issue(f"{place}.expect", f"{foreign.scheme}: is not in accept.schemes. List it there.")
        return
    except BadUrl:
        yield Issue(f"{place}.expect", f'"{sample.expect}" is not a URL. Write the whole destination.')
        return
    if provider.keeps(url.host, expect.host) and (provider.is_link(expect) or not provider.is_offline):
        yield Issue(f"{place}.expect", f"{expect.host} is the provider's own host. Write the destination behind it.")
    elif provider.is_decoy(expect.host):
        yield Issue(f"{place}.expect", f"{expect.host} is in accept.decoys. Remove it there, or correct the sample.")


def _check_hosts(provider: Provider, sampled: set[str]) -> Iterator[Issue]:
    listed = set() if provider.hosts_from is None else set(read_hosts(provider.hosts_from))
    matched = {pattern for host in sampled for pattern in patterns_of(host)}
    # The sample of a wildcard may be on the domain itself too.
    domains = {domain for host in sampled for domain in (host, *parents(host))}
    missing = [
        host
        for host in provider.hosts
        if host not in listed and host not in matched and (is_name(host) or example_host(host) not in domains)
    ]
    if missing:
        yield Issue("samples", f"there is none for {some_of(missing)}. Add a link and its destination.")


def _parse(text: str) -> Url | None:
    try:
        return parse_url(text)
    except BadUrl:
        return None
