"""An operator's directory of provider files, as it is now and as it changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from linkskipper.catalog.issues import Issue
from linkskipper.catalog.loading.loader import Layer, provider_files

FileStamp = tuple[int, int, int, int]
"""Times, size and inode of a file: they differ once it is replaced or written to."""


class Changes(NamedTuple):
    """What a scan found: whether the layer changed, and the issues that no scan before has reported."""

    changed: bool
    issues: list[Issue]


UNCHANGED = Changes(changed=False, issues=[])


class ProviderDirectory:
    """The provider files of a directory. A broken file keeps its last good version.

    A change counts once two scans in a row have found it, because editors leave files half-written or missing for a
    moment. Every call blocks until the file system has answered.
    """

    def __init__(self, path: Path) -> None:
        self.layer = Layer()
        self._path = path
        self._seen: dict[Path, FileStamp] = {}
        self._applied: dict[Path, FileStamp] = {}
        self._issues: dict[Path, list[Issue]] = {}

    @property
    def issues(self) -> list[Issue]:
        """The issues of all files that are refused now."""
        return [issue for file in sorted(self._issues) for issue in self._issues[file]]

    def read(self) -> Changes:
        """Apply everything as it is now."""
        first, second = self.scan(), self.scan()
        return Changes(second.changed, [*first.issues, *second.issues])

    def scan(self) -> Changes:
        """Apply the changes that two scans have found. Keep everything where the directory cannot be read."""
        try:
            now = dict(_stamps(self._path))
        except OSError as error:
            return self._report_unreadable(error)
        self._issues.pop(self._path, None)
        before, self._seen = self._seen, now
        files = before.keys() | now.keys() | self._applied.keys()
        settled = [file for file in sorted(files) if before.get(file) == now.get(file) != self._applied.get(file)]
        return self._apply(settled, now) if settled else UNCHANGED

    def _apply(self, settled: list[Path], now: dict[Path, FileStamp]) -> Changes:
        present, gone = [file for file in settled if file in now], [file for file in settled if file not in now]
        for file in gone:
            self._forget(file)
        # A refused file may fit now: the file that it clashed with is gone or fixed.
        retried = [file for file in self._issues if file not in present and now.get(file) == self._applied.get(file)]
        before = {file: self._issues.get(file) for file in retried}
        self._put_all(sorted([*present, *retried]), now)
        reported = [file for file in self._issues if file in present or before.get(file) != self._issues[file]]
        changed = bool(gone) or any(file not in self._issues for file in [*present, *retried])
        return Changes(changed, [issue for file in sorted(reported) for issue in self._issues[file]])

    def _put_all(self, files: list[Path], now: dict[Path, FileStamp]) -> None:
        """Put all files. Repeat for those that another file blocks, as long as one more of them fits."""
        while files:
            for file in files:
                self._put(file)
                self._applied[file] = now[file]
            refused = [file for file in files if file in self._issues]
            files = refused if len(refused) < len(files) else []

    def _put(self, file: Path) -> None:
        if issues := self.layer.put(file):
            self._issues[file] = issues
        else:
            self._issues.pop(file, None)

    def _forget(self, file: Path) -> None:
        self.layer.drop(file)
        self._applied.pop(file)
        self._issues.pop(file, None)

    def _report_unreadable(self, error: OSError) -> Changes:
        message = f"cannot be read: {error.strerror}. Its providers stay as they were until it can."
        reported = self._path in self._issues
        self._issues[self._path] = [Issue("", message, file=str(self._path))]
        return UNCHANGED if reported else Changes(changed=False, issues=self._issues[self._path])


def _stamps(directory: Path) -> Iterator[tuple[Path, FileStamp]]:
    """Yield the stamp of each provider file. Links are followed: a mounted directory can consist of them."""
    for file in provider_files(directory):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue  # it was removed after the listing
        except OSError as error:
            yield file, (0, 0, 0, error.errno or 0)  # it exists, and reading it reports the error
        else:
            yield file, (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
