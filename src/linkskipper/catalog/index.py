"""Which provider a host belongs to."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from linkskipper.catalog.fields import WILDCARD, parents
from linkskipper.catalog.graveyard import Burial
from linkskipper.catalog.loader import BUILTIN, Layer, read_layer
from linkskipper.catalog.model import Provider
from linkskipper.egress import Url
from linkskipper.errors import CatalogError


class Catalog:
    """All providers. Later ones go before earlier ones where they name the same host, and replace them by id."""

    def __init__(self, providers: Iterable[Provider], burials: Iterable[Burial] = ()) -> None:
        self._by_id = {provider.id: provider for provider in providers}
        self._hosts: dict[str, Provider | Burial] = {}
        fallbacks = [provider for provider in self._by_id.values() if provider.is_fallback]
        proper = [provider for provider in self._by_id.values() if not provider.is_fallback]
        entries: list[Provider | Burial] = [*fallbacks, *burials, *proper]
        for entry in entries:
            self._hosts.update(dict.fromkeys(entry.hosts, _dead_or_alive(entry)))

    @classmethod
    def load(cls, *, builtin: bool = True, extra_dirs: Sequence[Path] = ()) -> Self:
        """Read the built-in provider files and, over them, those of the operator's directories.

        Raises:
            CatalogError: naming all that is wrong, a line each, as "file: field: what; how to mend it".
        """
        layers = [read_layer([directory]) for directory in ([BUILTIN] if builtin else []) + list(extra_dirs)]
        if problems := [problem for layer in layers for problem in layer.problems]:
            raise CatalogError("\n".join(map(str, problems)))
        return cls(_in_order(layers), [burial for layer in layers for burial in layer.burials])

    @property
    def providers(self) -> list[Provider]:
        """All of them, by id."""
        return [self._by_id[id_] for id_ in sorted(self._by_id)]

    def find(self, provider_id: str) -> Provider | None:
        """The provider of this id."""
        return self._by_id.get(provider_id)

    def owner(self, host: str) -> Provider | None:
        """The living provider that a host belongs to."""
        entry = self._entry(host)
        return entry if isinstance(entry, Provider) else None

    def buried(self, host: str) -> Burial | None:
        """The dead service that a host belonged to."""
        entry = self._entry(host)
        return entry if isinstance(entry, Burial) else None

    def match(self, url: Url) -> Provider | None:
        """The living provider whose link this is by its looks."""
        provider = self.owner(url.host)
        return provider if provider is not None and provider.is_link(url) else None

    def _entry(self, host: str) -> Provider | Burial | None:
        """Look up the host itself, then the wildcards over it, the nearest first."""
        host = host.removesuffix(".")
        if (entry := self._hosts.get(host)) is not None:
            return entry
        for parent in parents(host):
            if (entry := self._hosts.get(WILDCARD + parent)) is not None:
                return entry
        return None


def _in_order(layers: Iterable[Layer]) -> list[Provider]:
    """A replaced provider must not keep its place before those that its replacement goes before."""
    providers: dict[str, Provider] = {}
    for layer in layers:
        for provider in layer.providers.values():
            providers.pop(provider.id, None)
            providers[provider.id] = provider
    return list(providers.values())


def _dead_or_alive(entry: Provider | Burial) -> Provider | Burial:
    if isinstance(entry, Provider) and entry.status == "dead" and entry.since is not None:
        return Burial(
            hosts=entry.hosts, label=entry.label, closed=entry.since, reason=entry.note or "The service is gone."
        )
    return entry
