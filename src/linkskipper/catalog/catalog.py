"""Which provider a host belongs to."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from linkskipper.catalog.discontinued import DISCONTINUED, DiscontinuedService
from linkskipper.catalog.fields import WILDCARD, parents
from linkskipper.catalog.loading.issues import refuse
from linkskipper.catalog.loading.loader import BUILTIN, Layer, read_layer
from linkskipper.catalog.provider import Provider
from linkskipper.egress import Url


class Tables(NamedTuple):
    """All that is looked up, made whole before it is used."""

    by_id: Mapping[str, Provider]
    burials: Sequence[DiscontinuedService]
    hosts: Mapping[str, Provider | DiscontinuedService]


class Change(NamedTuple):
    """Ids of providers that came, are others now, and went; the graveyard counts as one."""

    added: list[str]
    changed: list[str]
    removed: list[str]


class Catalog:
    """All providers. Later ones go before earlier ones where they name the same host, and replace them by id."""

    def __init__(self, providers: Iterable[Provider], burials: Iterable[DiscontinuedService] = ()) -> None:
        self.tables = _tables(providers, burials)

    @classmethod
    def load(cls, *, builtin: bool = True, extra_dirs: Sequence[Path] = ()) -> Self:
        """Read the built-in provider files and, over them, those of the operator's directories.

        Raises:
            CatalogError: naming all that is wrong, a line each, as "file: field: what; how to mend it".
        """
        read = [read_layer([directory]) for directory in ([BUILTIN] if builtin else []) + list(extra_dirs)]
        refuse(problem for _, problems in read for problem in problems)
        return cls.of_layers([layer for layer, _ in read])

    @classmethod
    def of_layers(cls, layers: Sequence[Layer]) -> Self:
        """The providers of layers, each over those before it."""
        return cls(_in_order(layers), [burial for layer in layers for burial in layer.burials])

    def replace(self, other: "Catalog") -> Change:
        """Become like another, at once, for everybody who was handed this one."""
        before, self.tables = self.tables, other.tables
        return _change(before, self.tables)

    def snapshot(self) -> "Catalog":
        """The catalogue as it is now, which no replacement touches: a link ends as it began."""
        same = object.__new__(type(self))  # copy.copy takes ten times as long, for every link
        same.tables = self.tables
        return same

    @property
    def providers(self) -> list[Provider]:
        """All of them, by id."""
        by_id = self.tables.by_id
        return [by_id[id_] for id_ in sorted(by_id)]

    def find(self, provider_id: str) -> Provider | None:
        """The provider of this id."""
        return self.tables.by_id.get(provider_id)

    def owner(self, host: str) -> Provider | None:
        """The living provider that a host belongs to."""
        entry = self._entry(host)
        return entry if isinstance(entry, Provider) else None

    def find_discontinued(self, host: str) -> DiscontinuedService | None:
        """The dead service that a host belonged to."""
        entry = self._entry(host)
        return entry if isinstance(entry, DiscontinuedService) else None

    def match(self, url: Url) -> Provider | None:
        """The living provider whose link this is by its looks."""
        provider = self.owner(url.host)
        return provider if provider is not None and provider.is_link(url) else None

    def _entry(self, host: str) -> Provider | DiscontinuedService | None:
        """Look up the host itself, then the wildcards over it, the nearest first."""
        hosts = self.tables.hosts
        host = host.removesuffix(".")
        if (entry := hosts.get(host)) is not None:
            return entry
        for parent in parents(host):
            if (entry := hosts.get(WILDCARD + parent)) is not None:
                return entry
        return None


def _change(before: Tables, after: Tables) -> Change:
    common = sorted(before.by_id.keys() & after.by_id.keys())
    changed = [id_ for id_ in common if before.by_id[id_] is not after.by_id[id_]]
    if list(before.burials) != list(after.burials):
        changed.append(DISCONTINUED)
    added, removed = after.by_id.keys() - before.by_id.keys(), before.by_id.keys() - after.by_id.keys()
    return Change(sorted(added), changed, sorted(removed))


def _tables(providers: Iterable[Provider], burials: Iterable[DiscontinuedService]) -> Tables:
    burials = tuple(burials)
    by_id = {provider.id: provider for provider in providers}
    fallbacks = [provider for provider in by_id.values() if provider.is_fallback]
    proper = [provider for provider in by_id.values() if not provider.is_fallback]
    entries: list[Provider | DiscontinuedService] = [*fallbacks, *burials, *proper]
    hosts: dict[str, Provider | DiscontinuedService] = {}
    for entry in entries:
        hosts.update(dict.fromkeys(entry.hosts, _dead_or_alive(entry)))
    return Tables(by_id, burials, hosts)


def _in_order(layers: Iterable[Layer]) -> list[Provider]:
    """A replaced provider must not keep its place before those that its replacement goes before."""
    providers: dict[str, Provider] = {}
    for layer in layers:
        for provider in layer.providers.values():
            providers.pop(provider.id, None)
            providers[provider.id] = provider
    return list(providers.values())


def _dead_or_alive(entry: Provider | DiscontinuedService) -> Provider | DiscontinuedService:
    if isinstance(entry, Provider) and entry.status == "dead" and entry.since is not None:
        return DiscontinuedService(
            hosts=entry.hosts, label=entry.label, closed=entry.since, reason=entry.note or "The service is gone."
        )
    return entry
