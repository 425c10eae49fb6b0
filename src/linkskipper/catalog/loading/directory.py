"""An operator's directory of provider files, as it is now and as it changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from linkskipper.catalog.loading.issues import Problem
from linkskipper.catalog.loading.loader import Layer, provider_files

Signature = tuple[int, int, int, int]
"""What tells that a file is another one, or was written to."""


class Changes(NamedTuple):
    """What a look at the directory brought; problems are those that were not told before."""

    changed: bool
    problems: list[Problem]


NOTHING = Changes(changed=False, problems=[])


class ProviderDirectory:
    """The provider files of a directory, those of a broken file in their last good version.

    A change counts once two looks in a row have found it: files are seen half-written, and are away for a moment
    while they are replaced. Every call blocks for as long as the file system takes.
    """

    def __init__(self, path: Path) -> None:
        self.layer = Layer()
        self._path = path
        self._seen: dict[Path, Signature] = {}
        self._taken: dict[Path, Signature] = {}
        self._problems: dict[Path, list[Problem]] = {}

    def read(self) -> Changes:
        """Take in everything as it is now."""
        first, second = self.look(), self.look()
        return Changes(second.changed, [*first.problems, *second.problems])

    def look(self) -> Changes:
        """Take in what has changed and come to rest; where the directory cannot be read, all of it stays."""
        try:
            now = dict(_signatures(self._path))
        except OSError as error:
            return self._tell_unreadable(error)
        self._problems.pop(self._path, None)
        before, self._seen = self._seen, now
        files = before.keys() | now.keys() | self._taken.keys()
        rested = [file for file in sorted(files) if before.get(file) == now.get(file) != self._taken.get(file)]
        return self._take(rested, now) if rested else NOTHING

    def _take(self, rested: list[Path], now: dict[Path, Signature]) -> Changes:
        here, gone = [file for file in rested if file in now], [file for file in rested if file not in now]
        for file in gone:
            self._forget(file)
        # What was refused may fit now: the file that it clashed with is gone, or mended.
        again = [file for file in self._problems if file not in here and now.get(file) == self._taken.get(file)]
        before = {file: self._problems.get(file) for file in again}
        self._put_all(sorted([*here, *again]), now)
        told = [file for file in self._problems if file in here or before.get(file) != self._problems[file]]
        changed = bool(gone) or any(file not in self._problems for file in [*here, *again])
        return Changes(changed, [problem for file in sorted(told) for problem in self._problems[file]])

    def _put_all(self, files: list[Path], now: dict[Path, Signature]) -> None:
        """Some fit only once another has given up what they take over: go on for as long as one more of them fits."""
        while files:
            for file in files:
                self._put(file)
                self._taken[file] = now[file]
            refused = [file for file in files if file in self._problems]
            files = refused if len(refused) < len(files) else []

    def _put(self, file: Path) -> None:
        if problems := self.layer.put(file):
            self._problems[file] = problems
        else:
            self._problems.pop(file, None)

    def _forget(self, file: Path) -> None:
        self.layer.drop(file)
        self._taken.pop(file)
        self._problems.pop(file, None)

    def _tell_unreadable(self, error: OSError) -> Changes:
        message = f"cannot be read: {error.strerror}; what was read from it stays until it can"
        known, self._problems[self._path] = self._path in self._problems, [Problem(str(self._path), "", message)]
        return NOTHING if known else Changes(changed=False, problems=self._problems[self._path])


def _signatures(directory: Path) -> Iterator[tuple[Path, Signature]]:
    """Those of all provider files; links are looked through, as directories that are swapped consist of them."""
    for file in provider_files(directory):
        try:
            found = file.stat()
        except FileNotFoundError:
            continue  # it went just now
        except OSError as error:
            yield file, (0, 0, 0, error.errno or 0)  # it is there: reading it tells what is wrong
        else:
            yield file, (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
