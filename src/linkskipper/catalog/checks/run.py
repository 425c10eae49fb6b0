"""Check provider files for mistakes that the schema cannot see."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from linkskipper.catalog.catalog import Catalog
from linkskipper.catalog.checks.samples import check_samples
from linkskipper.catalog.checks.steps import check_steps
from linkskipper.catalog.host_patterns import WILDCARD, HostSet, example_host
from linkskipper.catalog.issues import Issue, some_of
from linkskipper.catalog.loading.hosts import shared_domains
from linkskipper.catalog.loading.loader import Layer, files_of
from linkskipper.catalog.provider import Provider

Check = Callable[[Provider], Iterator[Issue]]

PATH_PREFIX = 10
"""Characters of a path that decide whether a pattern can match one."""


def check(paths: Iterable[Path], *, beside: Sequence[Path] = (), beneath: Catalog | None = None) -> list[Issue]:
    """Return the issues of files and directories of files.

    The files `beside` them belong to the same directory: ids and hosts must not clash with theirs. `beneath` are the
    providers that the files come on top of: the check warns about hosts that they take from these.
    """
    files, issues = files_of(paths)
    neighbors, _ = files_of(beside)
    layer, checked = Layer(), {file.absolute() for file in files}
    for file in neighbors:
        if file.absolute() not in checked:
            layer.put(file)
    return issues + [issue for file in files for issue in _check_file(layer, file, beneath)]


def _check_file(layer: Layer, file: Path, beneath: Catalog | None) -> Iterator[Issue]:
    issues = layer.put(file)
    yield from issues
    content = layer.content(file)
    if issues or not isinstance(content, Provider):
        return
    for check_provider in CHECKS:
        yield from (issue.in_file(file) for issue in check_provider(content))
    if beneath is not None:
        yield from (issue.in_file(file) for issue in _check_takeovers(content, beneath))


def _check_match(provider: Provider) -> Iterator[Issue]:
    """Find patterns that match no path, because every path begins with a slash."""
    pattern = provider.match.path
    if pattern is None or not pattern.pattern.startswith("^") or "|" in pattern.pattern:
        return
    lowest, highest = pattern.possiblematchrange(PATH_PREFIX)
    if highest < b"/" or lowest >= b"0":
        yield Issue("match.path", 'matches no path, because paths begin with "/". Begin it with "^/".')


def _check_shared_domains(provider: Provider) -> Iterator[Issue]:
    if shared := shared_domains(provider):
        message = f"{some_of(shared)} covers names that everybody can get. List the hosts themselves."
        yield Issue("hosts", message, "warning")


def _check_decoys(provider: Provider) -> Iterator[Issue]:
    decoys = HostSet(provider.accept.decoys)
    listed = set(provider.accept.decoys)
    own = [host for host in provider.hosts if host in listed or example_host(host) in decoys]
    if own:
        yield Issue("accept.decoys", f"{some_of(own)} is the provider's own. Only other hosts can be decoys.")


def _check_limits(provider: Provider) -> Iterator[Issue]:
    limits = provider.limits
    if limits.min_interval is not None and limits.min_interval >= limits.timeout:
        yield Issue("limits.min_interval", "leaves no time for a second request. Set it below timeout.")
    if "max_wait" in limits.model_fields_set and limits.max_wait >= limits.timeout:
        yield Issue("limits.max_wait", "is not below timeout, which ends the link first. Raise timeout.", "warning")


def _check_status(provider: Provider) -> Iterator[Issue]:
    for name in ("since", "note"):
        if provider.status != "active" and not getattr(provider, name):
            yield Issue(name, f'is missing. Say when and why the status became "{provider.status}".', "warning")


def _check_browser(provider: Provider) -> Iterator[Issue]:
    if provider.engine != "browser" and provider.browser.allow:
        yield Issue("browser.allow", 'has no effect without engine = "browser". Set that, or remove it.', "warning")


def _check_takeovers(provider: Provider, beneath: Catalog) -> Iterator[Issue]:
    """Find hosts that belong to another provider beneath. The fallback gives way to every file."""
    taken: dict[str, list[str]] = {}
    for host in provider.hosts:
        for owner_id in sorted(_owners(host, beneath) - {provider.id}):
            taken.setdefault(owner_id, []).append(host)
    for owner_id, hosts in taken.items():
        message = f'takes {some_of(hosts)} from the provider "{owner_id}". Use that id to replace the whole provider.'
        yield Issue("hosts", message, "warning")


def _owners(pattern: str, beneath: Catalog) -> set[str]:
    """Return the ids of the providers beneath that own a host of a pattern: the domain, or any of its subdomains."""
    host = example_host(pattern)
    owners = (beneath.owner(name) for name in (host, *[f"any.{host}"] * pattern.startswith(WILDCARD)))
    return {owner.id for owner in owners if owner is not None and not owner.is_fallback}


CHECKS: tuple[Check, ...] = (
    _check_match,
    _check_shared_domains,
    _check_limits,
    _check_browser,
    _check_decoys,
    check_steps,
    check_samples,
    _check_status,
)
