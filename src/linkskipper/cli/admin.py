"""What the commands that work on the database share: reaching it, and printing what they found."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from linkskipper import settings as settings_module
from linkskipper.cli import logs
from linkskipper.database import OUT_OF_RANGE, Pool
from linkskipper.errors import OperatorError
from linkskipper.service.database import checked_pool, database
from linkskipper.service.migrate import migrate
from linkskipper.settings import Settings

PIPE_COLUMNS = 100_000

Answer = TypeVar("Answer")


def with_database(data_dir: Path | None, work: Callable[[Settings, Pool], Awaitable[Answer]]) -> Answer:
    """Run the work on the database that the settings name; an embedded one is made ready first.

    Raises:
        OperatorError: the database cannot be used.
    """
    settings = settings_module.load(data_dir=data_dir)
    logs.configure(settings)

    async def run(url: str) -> Answer:
        if settings.database_url is None:
            await migrate(url)
        async with checked_pool(settings, url) as pool:
            return await work(settings, pool)

    with database(settings) as url:
        try:
            return asyncio.run(run(url))
        except OUT_OF_RANGE:
            raise OperatorError("A number is too large: at most 9223372036854775807, balances included.") from None


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """A table on stdout; never cut, so that it can be read by other programs too."""
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    # What reads a pipe wants whole cells, not what would fit into a window.
    console = Console() if sys.stdout.isatty() else Console(width=PIPE_COLUMNS)
    console.print(table)
