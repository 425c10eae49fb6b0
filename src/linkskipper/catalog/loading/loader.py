"""Read provider files. Issues are collected, not raised one by one."""

import errno
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import ValidationError

from linkskipper.catalog.discontinued import DISCONTINUED_FILES, DiscontinuedFile, DiscontinuedService
from linkskipper.catalog.issues import Issue, raise_issues
from linkskipper.catalog.loading.cache import read_through
from linkskipper.catalog.loading.hosts import check_hosts
from linkskipper.catalog.loading.validation import issues_of
from linkskipper.catalog.misp_hosts import list_files
from linkskipper.catalog.provider import Provider

BUILTIN = Path(__file__).parents[1] / "data" / "providers"
SUFFIX = ".toml"
MEBIBYTE = 1024 * 1024
MAX_FILES = 1000
"""Provider files in one directory."""

MAX_BYTES = 256 * 1024
"""The size of one provider file."""

MAX_DIRECTORY_BYTES = 8 * MEBIBYTE
"""The size of all provider files in one directory. Reading a full directory takes a few seconds."""

MAX_KEY_PARTS = 16
"""Names that dots join to one key. The time and the memory of tomllib grow with the square of their number."""

_KEY_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?)"""
_DOT = r"[ \t]*+\.[ \t]*+"
# Comments and texts of several lines are passed over, and the dots in quotes belong to their text.
_TOKEN = re.compile(
    r"#[^\n]*+"
    r'|"{3}(?s:[^"\\]|\\.|"(?!""))*+"{0,5}'
    r"|'{3}(?s:[^']|'(?!''))*+'{0,5}"
    rf"|(?P<long>(?:{_KEY_PART}{_DOT}){{{MAX_KEY_PARTS},}}+)"
    rf"|{_KEY_PART}(?:{_DOT}{_KEY_PART})*+"
)

FileContent = Provider | DiscontinuedFile
HostUse = Literal["links", "closed"]


class Layer:
    """Files that belong together: the built-in ones, or those of an operator's directory.

    No two files of a layer have the same provider id or the same host.
    """

    def __init__(self) -> None:
        self._contents: dict[Path, FileContent] = {}
        self._ids: dict[str, Path] = {}
        self._hosts: dict[tuple[str, HostUse], Path] = {}

    @classmethod
    def of(cls, contents: Mapping[Path, FileContent]) -> Self:
        """Return a layer of files that were checked before."""
        layer = cls()
        for file, content in contents.items():
            layer._add(file, content)
        return layer

    @property
    def contents(self) -> Mapping[Path, FileContent]:
        """What the files describe, in the order in which they were added."""
        return self._contents

    @property
    def providers(self) -> dict[str, Provider]:
        """The providers by id, in the order in which their files were added."""
        return {content.id: content for content in self._contents.values() if isinstance(content, Provider)}

    @property
    def discontinued(self) -> list[DiscontinuedService]:
        """The services that have closed."""
        files = (content for content in self._contents.values() if isinstance(content, DiscontinuedFile))
        return [service for file in files for service in file.dead]

    def put(self, file: Path) -> list[Issue]:
        """Read a file and add it, or replace its earlier version. A file with issues changes nothing."""
        content = read_file(file)
        if isinstance(content, list):
            return content
        issues = [issue.in_file(file) for issue in (*check_hosts(content), *self._clashes(file, content))]
        if not issues:
            self.drop(file)
            self._add(file, content)
        return issues

    def content(self, file: Path) -> FileContent | None:
        """Return what a file of this layer describes."""
        return self._contents.get(file)

    def drop(self, file: Path) -> None:
        """Remove a file. Its providers and hosts are free again."""
        content = self._contents.pop(file, None)
        if content is None:
            return
        if isinstance(content, Provider):
            del self._ids[content.id]
        for host in _exclusive_hosts(content):
            del self._hosts[host]

    def _add(self, file: Path, content: FileContent) -> None:
        self._contents[file] = content
        if isinstance(content, Provider):
            self._ids[content.id] = file
        self._hosts.update(dict.fromkeys(_exclusive_hosts(content), file))

    def _clashes(self, file: Path, content: FileContent) -> Iterator[Issue]:
        if isinstance(content, Provider) and (other := self._ids.get(content.id, file)) != file:
            yield Issue("id", f'{other.name} has the id "{content.id}" too. Choose another.')
        shared: dict[Path, set[str]] = {}
        for host, use in _exclusive_hosts(content):
            if (other := self._hosts.get((host, use), file)) != file:
                shared.setdefault(other, set()).add(host)
        field = "dead" if isinstance(content, DiscontinuedFile) else "hosts"
        for other, hosts in sorted(shared.items()):
            yield Issue(field, f"{other.name} lists {', '.join(sorted(hosts))} too. Leave it in one file.")


def read_file(file: Path) -> FileContent | list[Issue]:
    """Return what a file describes, or its issues."""
    try:
        if file.exists() and not file.is_file():  # reading a pipe would wait for a writer
            return [_whole_file(file, "is not a file. Remove it, or give it another suffix than .toml.")]
        text = _read_bounded(file)
        if any(token["long"] for token in _TOKEN.finditer(text)):
            return [
                _whole_file(file, f"has a key with more than {MAX_KEY_PARTS} parts. No field needs more than four.")
            ]
        table = tomllib.loads(text)
        return (DiscontinuedFile if file.name in DISCONTINUED_FILES else Provider).model_validate(table)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        message = "is not UTF-8. Save it as UTF-8."
    except tomllib.TOMLDecodeError as error:
        message = f"is not TOML: {error}"
    except RecursionError:
        message = "is nested too deeply. No field needs more than a table in a list."
    except ValidationError as error:
        return [issue.in_file(file) for issue in issues_of(error)]
    except ValueError as error:  # tomllib passes on what int() raises for thousands of digits
        message = f"is not TOML: {error}"
    return [_whole_file(file, message)]


def files_of(paths: Iterable[Path]) -> tuple[list[Path], list[Issue]]:
    """Return the files themselves and those of directories, and an issue for each directory that cannot be listed."""
    files, issues = [], []
    for path in paths:
        try:
            files += provider_files(path) if path.is_dir() else [path]
        except OSError as error:
            issues.append(_whole_file(path, f"cannot be read: {error.strerror}"))
    return files, issues


def provider_files(directory: Path) -> list[Path]:
    """Return the provider files of a directory by name, without hidden ones.

    Raises:
        OSError: the directory cannot be listed, or holds more than MAX_FILES or MAX_DIRECTORY_BYTES.
    """
    files = sorted(file for file in directory.iterdir() if file.suffix == SUFFIX and not file.name.startswith("."))
    if len(files) > MAX_FILES:
        raise OSError(errno.E2BIG, f"it holds {len(files)} provider files, and {MAX_FILES} are allowed")
    if sum(map(_size, files)) > MAX_DIRECTORY_BYTES:
        raise OSError(errno.E2BIG, f"its provider files have more than {MAX_DIRECTORY_BYTES // MEBIBYTE} MiB together")
    return files


def _size(file: Path) -> int:
    """Return the bytes of a file that will be read. Reading reports what is wrong with it."""
    try:
        return min(file.stat().st_size, MAX_BYTES)
    except OSError:
        return 0


def read_layer(paths: Iterable[Path]) -> tuple[Layer, list[Issue]]:
    """Read files and directories of files. Files with issues are left out."""
    layer = Layer()
    files, issues = files_of(paths)
    return layer, issues + [issue for file in files for issue in layer.put(file)]


def read_builtin() -> Layer:
    """Read the built-in files, through a cache.

    Raises:
        CatalogError: a built-in file has an issue.
    """

    def read() -> Mapping[Path, FileContent]:
        layer, issues = read_layer([BUILTIN])
        raise_issues(issues)
        return layer.contents

    package = BUILTIN.parents[1]
    sources = [*package.rglob("*.toml"), *package.rglob("*.py"), *list_files().values()]
    return Layer.of(read_through(package, sources, read))


def _read_bounded(file: Path) -> str:
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_BYTES // 1024} KiB")
    return content.decode()


def _whole_file(file: Path, message: str) -> Issue:
    return Issue("", message, file=str(file))


def _exclusive_hosts(content: FileContent) -> set[tuple[str, HostUse]]:
    """Return the hosts that no other file of the layer may list for the same use.

    A closed service has links that still carry their destination. The fallback gives way to every file.
    """
    if isinstance(content, DiscontinuedFile):
        return {(host, "closed") for service in content.dead for host in service.hosts}
    if content.is_fallback:
        return set()
    uses: tuple[HostUse, ...] = ("links",) if content.is_offline else ("links", "closed")
    return {(host, use) for host in content.hosts for use in uses}
