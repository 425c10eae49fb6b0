"""Reads provider files; what is wrong in them is collected, not raised one by one."""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from linkskipper.catalog.discontinued import DISCONTINUED_FILE, DiscontinuedFile, DiscontinuedService
from linkskipper.catalog.loading.issues import Problem, problems_of
from linkskipper.catalog.provider import Provider

BUILTIN = Path(__file__).parents[1] / "data" / "providers"
ENDING = ".toml"

Content = Provider | DiscontinuedFile


class Layer:
    """Files that belong together: the built-in ones, or an operator's directory."""

    def __init__(self) -> None:
        self._contents: dict[Path, Content] = {}

    @property
    def providers(self) -> dict[str, Provider]:
        """By id, in the order in which they came."""
        return {each.id: each for each in self._contents.values() if isinstance(each, Provider)}

    @property
    def burials(self) -> list[DiscontinuedService]:
        """All dead services."""
        yards = (each for each in self._contents.values() if isinstance(each, DiscontinuedFile))
        return [burial for yard in yards for burial in yard.dead]

    def put(self, file: Path) -> list[Problem]:
        """Take in a file as it is now. Where that has problems, which are returned, what was in of it stays."""
        read = read_file(file)
        if isinstance(read, list):
            return read
        if problems := list(self._clashes(file, read)):
            return problems
        self._contents[file] = read
        return []

    def content(self, file: Path) -> Content | None:
        """What a file that is in describes."""
        return self._contents.get(file)

    def drop(self, file: Path) -> None:
        """Forget a file."""
        self._contents.pop(file, None)

    def _clashes(self, file: Path, content: Content) -> Iterator[Problem]:
        for other_file, other in self._contents.items():
            if other_file == file:
                continue
            if isinstance(content, Provider) and isinstance(other, Provider) and content.id == other.id:
                message = f'"{content.id}" is the id in {other_file.name} too; choose one of its own'
                yield Problem(str(file), "id", message)
            if shared := sorted(_claimed(content) & _claimed(other)):
                message = f"{', '.join(shared)} stands in {other_file.name} too; leave it in one file"
                yield Problem(str(file), "dead" if isinstance(content, DiscontinuedFile) else "hosts", message)


def read_file(file: Path) -> Content | list[Problem]:
    """What a file describes, or what is wrong with it."""
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for
            return [Problem(str(file), "", "is no file; remove it, or give it another ending than .toml")]
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        return (DiscontinuedFile if file.name == DISCONTINUED_FILE else Provider).model_validate(table)
    except OSError as error:
        message = f"cannot be read: {error.strerror}; check that it is there and may be read"
    except UnicodeDecodeError:
        message = "is not UTF-8; save it as UTF-8"
    except tomllib.TOMLDecodeError as error:
        message = f"is not TOML: {error}"
    except RecursionError:
        message = "is nested too deeply; no field needs more than a table in a list"
    except ValidationError as error:
        return list(problems_of(str(file), error))
    except ValueError as error:  # tomllib lets pass what int() says of thousands of digits
        message = f"is not TOML: {error}"
    return [Problem(str(file), "", message)]


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The files themselves, and all provider files of directories."""
    for path in paths:
        if path.is_dir():
            yield from provider_files(path)
        else:
            yield path


def provider_files(directory: Path) -> list[Path]:
    """Those in a directory, in order; hidden ones are an editor's.

    Raises OSError where it cannot be listed.
    """
    return sorted(file for file in directory.iterdir() if file.suffix == ENDING and not file.name.startswith("."))


def read_layer(paths: Iterable[Path]) -> tuple[Layer, list[Problem]]:
    """Read files and directories of them; those with problems are left out."""
    layer = Layer()
    problems = [problem for file in files_of(paths) for problem in layer.put(file)]
    return layer, problems


def _claimed(content: Content) -> set[str]:
    """The hosts that no other file of the layer may name; the fallback gives way to any."""
    if isinstance(content, DiscontinuedFile):
        return {host for burial in content.dead for host in burial.hosts}
    return set() if content.is_fallback else set(content.hosts)
