"""Output of commands: data on stdout, everything else on stderr."""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import typer

PIPE_COLUMNS = 100_000


def print_json(value: Any) -> None:
    """Print one JSON value on stdout."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table on stdout. A pipe gets every cell in full, for other programs to read."""
    from rich.console import Console  # noqa: PLC0415 - most commands print no table
    from rich.table import Table  # noqa: PLC0415

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    width = None if sys.stdout.isatty() else PIPE_COLUMNS
    Console(width=width, markup=False, emoji=False).print(table)


def note(text: str) -> None:
    """Print a sentence on stderr."""
    typer.echo(text, err=True)


def command() -> str:
    """Return the program as a user can type it in any folder: its name if that is on the PATH, else its path."""
    program = Path(sys.argv[0]).absolute()
    on_path = shutil.which(program.name)
    return program.name if on_path is not None and Path(on_path).samefile(program) else str(program)
