"""The catalog of a running service: it follows the operator's directory within seconds."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from linkskipper.catalog.catalog import Catalog, CatalogDiff, Reload
from linkskipper.catalog.issues import Issue, raise_issues
from linkskipper.catalog.loading.directory import Changes, ProviderDirectory
from linkskipper.catalog.loading.loader import read_builtin, read_layer
from linkskipper.periodic import Periodic

log = structlog.get_logger()

SCAN_SECONDS = 0.5


class LiveCatalog:
    """Keep `catalog` up to date with the files of an operator's directory.

    The layers are the built-in files, the files of `beneath`, and the operator's. A broken file of the operator's is
    left out, or its last good version stays, and the log says so.

    Raises:
        CatalogError: the built-in files or those of `beneath` have issues.
    """

    def __init__(self, directory: Path | None, *, beneath: Sequence[Path] = ()) -> None:
        layers = [read_layer([path]) for path in beneath]
        raise_issues(issue for _, issues in layers for issue in issues)
        self._beneath = [read_builtin(), *(layer for layer, _ in layers)]
        self._directory = ProviderDirectory(directory) if directory is not None else None
        if self._directory is not None:
            _log_issues(self._directory.read().issues)
        self.catalog = self._merged()
        self._note(CatalogDiff([], [], []))

    def periodic(self) -> Periodic:
        """Return the scanning of the directory to repeat."""
        return Periodic("catalog.scan", self._scan_in_thread, every=SCAN_SECONDS)

    async def _scan_in_thread(self) -> None:
        if self._directory is not None:
            self._apply(await asyncio.to_thread(self._directory.scan))

    def scan(self) -> None:
        """Scan the directory once. Blocks for as long as the file system takes."""
        if self._directory is not None:
            self._apply(self._directory.scan())

    def _apply(self, changes: Changes) -> None:
        _log_issues(changes.issues)
        if changes.changed:
            diff = self.catalog.replace(self._merged())
            log.info("providers.reloaded", **diff._asdict())
            self._note(diff)
        elif changes.issues or self._has_other_issues():
            self._note(CatalogDiff([], [], []))

    def _has_other_issues(self) -> bool:
        """Return whether the issues differ from those noted last: a directory may become readable again unchanged."""
        last = self.catalog.last_reload
        return last is not None and self._directory is not None and last.issues != self._directory.issues

    def _note(self, diff: CatalogDiff) -> None:
        if self._directory is not None:
            self.catalog.last_reload = Reload(datetime.now(UTC), diff, self._directory.issues)

    def _merged(self) -> Catalog:
        own = [self._directory.layer] if self._directory is not None else []
        return Catalog.of_layers([*self._beneath, *own])


def _log_issues(issues: Sequence[Issue]) -> None:
    for issue in issues:
        log.error("providers.file_refused", file=issue.file, field=issue.field, problem=issue.message)
