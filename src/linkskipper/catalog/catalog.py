"""The catalog: which provider owns a host."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

from linkskipper.catalog.discontinued import DISCONTINUED, DiscontinuedService
from linkskipper.catalog.host_patterns import patterns_of
from linkskipper.catalog.issues import Issue, raise_issues
from linkskipper.catalog.loading.loader import Layer, read_builtin, read_layer
from linkskipper.catalog.provider import Provider
from linkskipper.egress import Url

HostOwner = Provider | DiscontinuedService
HostOwnerT = TypeVar("HostOwnerT", Provider, DiscontinuedService, HostOwner)


class CatalogIndex(NamedTuple):
    """Everything that is looked up. It is built whole, so that a reload replaces it in one step.

    `hosts` has the owner of each host pattern. `closed` has all hosts of closed services: a provider may own one too.
    """

    by_id: Mapping[str, Provider]
    discontinued: Sequence[DiscontinuedService]
    hosts: Mapping[str, HostOwner]
    closed: Mapping[str, DiscontinuedService]


class CatalogDiff(NamedTuple):
    """The ids of providers that a reload added, changed and removed. Discontinued services count as one id."""

    added: list[str]
    changed: list[str]
    removed: list[str]


class Reload(NamedTuple):
    """The last time that the operator's files changed: what it changed, and the issues of files that are refused."""

    at: datetime
    diff: CatalogDiff
    issues: Sequence[Issue]


class Catalog:
    """All providers. A later one replaces an earlier one with its id, and takes the hosts that both list."""

    def __init__(self, providers: Iterable[Provider], discontinued: Iterable[DiscontinuedService] = ()) -> None:
        self.index = _build_index(providers, discontinued)
        self.last_reload: Reload | None = None  # None unless it follows the files of an operator

    @classmethod
    def load(cls, *, builtin: bool = True, extra_dirs: Sequence[Path] = ()) -> Self:
        """Read the built-in provider files and, over them, those of the operator's directories.

        Raises:
            CatalogError: one line for each issue, as "file: field: what is wrong. How to fix it."
        """
        layers = [read_layer([directory]) for directory in extra_dirs]
        raise_issues(issue for _, issues in layers for issue in issues)
        return cls.of_layers([*([read_builtin()] if builtin else []), *(layer for layer, _ in layers)])

    @classmethod
    def load_valid(cls, directory: Path | None) -> tuple[Self, list[Issue]]:
        """Read the built-in provider files and the valid files of an operator's directory.

        Return the issues of the other files too.

        Raises:
            CatalogError: a built-in file has an issue.
        """
        own, issues = read_layer([directory] if directory is not None else [])
        return cls.of_layers([read_builtin(), own]), issues

    @classmethod
    def of_layers(cls, layers: Sequence[Layer]) -> Self:
        """Build a catalog of layers. Each takes precedence over those before it."""
        return cls(_by_precedence(layers), [service for layer in layers for service in layer.discontinued])

    def replace(self, other: "Catalog") -> CatalogDiff:
        """Take over the content of another catalog. All users of this object see it at once."""
        before, self.index = self.index, other.index
        return _diff(before, self.index)

    def snapshot(self) -> "Catalog":
        """Return an immutable snapshot: a job keeps the definitions that it started with, even after a reload."""
        snapshot = object.__new__(type(self))  # copy.copy takes ten times as long, for every link
        snapshot.index = self.index
        return snapshot

    @property
    def providers(self) -> list[Provider]:
        """All providers, sorted by id."""
        by_id = self.index.by_id
        return [by_id[id_] for id_ in sorted(by_id)]

    def find(self, provider_id: str) -> Provider | None:
        """Return the provider with this id."""
        return self.index.by_id.get(provider_id)

    def owner(self, host: str) -> Provider | None:
        """Return the active provider that owns a host."""
        owner = _lookup(self.index.hosts, host)
        return owner if isinstance(owner, Provider) else None

    def find_discontinued(self, host: str) -> DiscontinuedService | None:
        """Return the closed service that owned a host."""
        owner = _lookup(self.index.hosts, host)
        if isinstance(owner, Provider) and not owner.is_offline:
            return None
        return owner if isinstance(owner, DiscontinuedService) else _lookup(self.index.closed, host)

    def match(self, url: Url) -> Provider | None:
        """Return the active provider that this URL is a short link of."""
        provider = self.owner(url.host)
        return provider if provider is not None and provider.is_link(url) else None


def _lookup(hosts: Mapping[str, HostOwnerT], host: str) -> HostOwnerT | None:
    """Look up the most specific pattern that a host matches."""
    return next((owner for pattern in patterns_of(host) if (owner := hosts.get(pattern)) is not None), None)


def _diff(before: CatalogIndex, after: CatalogIndex) -> CatalogDiff:
    common = sorted(before.by_id.keys() & after.by_id.keys())
    changed = [id_ for id_ in common if before.by_id[id_] is not after.by_id[id_]]
    if list(before.discontinued) != list(after.discontinued):
        changed.append(DISCONTINUED)
    added, removed = after.by_id.keys() - before.by_id.keys(), before.by_id.keys() - after.by_id.keys()
    return CatalogDiff(sorted(added), changed, sorted(removed))


def _build_index(providers: Iterable[Provider], discontinued: Iterable[DiscontinuedService]) -> CatalogIndex:
    """Index the hosts in ascending precedence: the fallback, closed services, all other providers."""
    discontinued = tuple(discontinued)
    by_id = {provider.id: provider for provider in providers}
    fallbacks = [provider for provider in by_id.values() if provider.is_fallback]
    others = [provider for provider in by_id.values() if not provider.is_fallback]
    hosts: dict[str, HostOwner] = {}
    entries: list[HostOwner] = [*fallbacks, *discontinued, *others]
    for entry in entries:
        hosts.update(dict.fromkeys(entry.hosts, _active_or_discontinued(entry)))
    closed = {host: service for service in discontinued for host in service.hosts}
    return CatalogIndex(by_id, discontinued, hosts, closed)


def _by_precedence(layers: Iterable[Layer]) -> list[Provider]:
    """List providers in ascending precedence. One that replaces another takes the place of its own layer."""
    providers: dict[str, Provider] = {}
    for layer in layers:
        for provider in layer.providers.values():
            providers.pop(provider.id, None)
            providers[provider.id] = provider
    return list(providers.values())


def _active_or_discontinued(entry: HostOwner) -> HostOwner:
    if isinstance(entry, Provider) and entry.status == "dead" and entry.since is not None:
        return DiscontinuedService(
            hosts=entry.hosts, label=entry.label, closed=entry.since, reason=entry.note or "The service has closed."
        )
    return entry
