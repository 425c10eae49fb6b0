"""The catalogue of a running service: it follows the operator's directory within seconds."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from linkskipper.catalog.catalog import Catalog
from linkskipper.catalog.loading.directory import Changes, ProviderDirectory
from linkskipper.catalog.loading.issues import Problem, refuse
from linkskipper.catalog.loading.loader import BUILTIN, read_layer

log = structlog.get_logger()

LOOK_SECONDS = 0.5


class LiveCatalog:
    """Keeps `catalog` like the built-in files, those of `beneath`, and over them those of the operator's directory.

    A file there that is broken stops nothing: it is left out, or its last good version stays, and the log says so.

    Raises:
        CatalogError: the built-in files, or those beneath, are wrong.
    """

    def __init__(self, directory: Path | None, *, beneath: Sequence[Path] = ()) -> None:
        self._beneath = [read_layer([path]) for path in (BUILTIN, *beneath)]
        refuse(problem for _, problems in self._beneath for problem in problems)
        self._directory = ProviderDirectory(directory) if directory is not None else None
        if self._directory is not None:
            _tell(self._directory.read().problems)
        self.catalog = self._together()

    async def run(self) -> None:
        """Follow the directory, until cancelled."""
        while self._directory is not None:
            await asyncio.sleep(LOOK_SECONDS)
            self._take(await asyncio.to_thread(self._directory.look))

    def look(self) -> None:
        """Look once; this blocks for as long as the file system takes."""
        if self._directory is not None:
            self._take(self._directory.look())

    def _take(self, news: Changes) -> None:
        _tell(news.problems)
        if news.changed:
            change = self.catalog.replace(self._together())
            log.info("providers.reloaded", **change._asdict())

    def _together(self) -> Catalog:
        own = [self._directory.layer] if self._directory is not None else []
        return Catalog.of_layers([*(layer for layer, _ in self._beneath), *own])


def _tell(problems: Sequence[Problem]) -> None:
    for problem in problems:
        log.error("providers.file_refused", file=problem.file, field=problem.field, problem=problem.message)
