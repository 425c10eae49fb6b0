"""What is wrong in provider files beyond their schema: files that can be read, and yet can't do what they say."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from linkskipper.catalog.checks.issues import Finding
from linkskipper.catalog.checks.samples import check_samples
from linkskipper.catalog.checks.steps import check_steps
from linkskipper.catalog.fields import WILDCARD, HostSet
from linkskipper.catalog.loading.issues import Problem
from linkskipper.catalog.loading.loader import Layer, files_of
from linkskipper.catalog.provider import Provider

Check = Callable[[Provider], Iterator[Finding]]


def check(paths: Iterable[Path], *, beside: Sequence[Path] = ()) -> list[Problem]:
    """Say what is wrong in files and directories of files, taken together; empty if nothing is.

    The files `beside` them may clash with theirs, and are not checked themselves.
    """
    layer, given = Layer(), list(files_of(paths))
    themselves = {file.absolute() for file in given}
    for file in files_of(beside):
        if file.absolute() not in themselves:
            layer.put(file)
    return [problem for file in given for problem in _check_file(layer, file)]


def _check_file(layer: Layer, file: Path) -> Iterator[Problem]:
    problems = layer.put(file)
    yield from problems
    content = layer.content(file)
    if isinstance(content, Provider):
        for each in CHECKS:
            for field, message, level in each(content):
                yield Problem(str(file), field, message, level)


def _check_match(provider: Provider) -> Iterator[Finding]:
    """Paths begin with a slash, so that some patterns fit none."""
    pattern = provider.match.path
    if pattern is None or not pattern.pattern.startswith("^") or "|" in pattern.pattern:
        return
    lowest, highest = pattern.possiblematchrange(PREFIX)
    if highest < b"/" or lowest >= b"0":
        yield Finding("match.path", 'fits no path: they all begin with "/"; begin it with "^/"')


def _check_decoys(provider: Provider) -> Iterator[Finding]:
    decoys = HostSet(provider.accept.decoys)
    own = [host for host in provider.hosts if host in provider.accept.decoys or host.removeprefix(WILDCARD) in decoys]
    if own:
        yield Finding("accept.decoys", f"{', '.join(own)} is the provider's own; only other hosts can be decoys")


def _check_limits(provider: Provider) -> Iterator[Finding]:
    limits = provider.limits
    if limits.min_interval is not None and limits.min_interval >= limits.timeout:
        yield Finding("limits.min_interval", "leaves no time for a second request; let it be below timeout")
    if "max_wait" in limits.model_fields_set and limits.max_wait >= limits.timeout:
        yield Finding("limits.max_wait", "is not below timeout, which ends the link first; raise timeout", "warning")


def _check_status(provider: Provider) -> Iterator[Finding]:
    for name in ("since", "note"):
        if provider.status != "active" and not getattr(provider, name):
            message = f'"{provider.status}" says little without it; say when that was found, and why'
            yield Finding(name, message, "warning")


def _check_browser(provider: Provider) -> Iterator[Finding]:
    if provider.engine != "browser" and provider.browser.allow:
        yield Finding("browser.allow", 'is heeded with engine = "browser" only; set that, or remove it', "warning")


PREFIX = 10  # characters of a path that tell whether it can be one
CHECKS: tuple[Check, ...] = (
    _check_match,
    _check_limits,
    _check_browser,
    _check_decoys,
    check_steps,
    check_samples,
    _check_status,
)
