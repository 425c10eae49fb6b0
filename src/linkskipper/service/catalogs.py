"""Build the catalog of a process from the settings."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from linkskipper.catalog import Catalog
from linkskipper.catalog.live import LiveCatalog
from linkskipper.settings import Settings


def load_catalog(settings: Settings) -> Catalog:
    """Read the built-in provider files and, over them, those of the operator.

    Raises:
        CatalogError: a provider file is wrong.
    """
    return Catalog.load(extra_dirs=[settings.providers_dir] if settings.providers_dir else [])


@contextmanager
def live_catalog(settings: Settings, *, beneath: Sequence[Path] = ()) -> Iterator[Catalog]:
    """Provide a catalog that follows the operator's files. Broken files do not stop it.

    The files of the directories in `beneath` are read once. The operator's files take precedence over them.
    """
    live = LiveCatalog(settings.providers_dir, beneath=beneath)
    scanning = live.periodic().start() if settings.providers_dir is not None else None
    try:
        yield live.catalog
    finally:
        if scanning is not None:
            scanning.cancel()
