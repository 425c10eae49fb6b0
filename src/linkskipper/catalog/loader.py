"""Reads provider files; what is wrong in them is collected, not raised one by one."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from linkskipper.catalog.graveyard import GRAVEYARD_FILE, Burial, Graveyard
from linkskipper.catalog.model import Provider
from linkskipper.catalog.problems import Problem, problems_of

BUILTIN = Path(__file__).parent / "providers"


@dataclass(slots=True)
class Layer:
    """Files that belong together: the built-in ones, or an operator's directory."""

    providers: dict[str, Provider] = field(default_factory=dict)
    burials: list[Burial] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read(self, file: Path) -> None:
        """Take in one file, or note what is wrong with it."""
        try:
            self._take_in(file, tomllib.loads(file.read_text(encoding="utf-8")))
        except OSError as error:
            self._note(file, f"cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            self._note(file, "is not UTF-8; save it as UTF-8")
        except tomllib.TOMLDecodeError as error:
            self._note(file, f"is not TOML: {error}")
        except ValidationError as error:
            self.problems.extend(problems_of(str(file), error))

    def _take_in(self, file: Path, table: dict[str, Any]) -> None:
        if file.name == GRAVEYARD_FILE:
            self.burials.extend(Graveyard.model_validate(table).dead)
            return
        provider = Provider.model_validate(table)
        if provider.id in self.providers:
            self._note(file, f'"{provider.id}" is another file\'s id; choose one of its own', field="id")
        for other in self.providers.values():
            if shared := _shared_hosts(provider, other):
                self._note(file, f'{shared} belongs to "{other.id}" too; leave it in one file', field="hosts")
        self.providers[provider.id] = provider

    def _note(self, file: Path, message: str, *, field: str = "") -> None:
        self.problems.append(Problem(str(file), field, message))


def read_layer(paths: Iterable[Path]) -> Layer:
    """Read files, and all provider files of directories."""
    layer = Layer()
    for path in paths:
        if path.is_dir():
            for file in sorted(path.glob("*.toml")):
                layer.read(file)
        else:
            layer.read(path)
    return layer


def check(paths: Sequence[Path]) -> list[Problem]:
    """Say what is wrong in files and directories of files, taken together; empty if nothing is."""
    return read_layer(paths).problems


def _shared_hosts(one: Provider, other: Provider) -> str:
    if one.is_fallback or other.is_fallback:
        return ""
    return ", ".join(sorted(set(one.hosts) & set(other.hosts)))
