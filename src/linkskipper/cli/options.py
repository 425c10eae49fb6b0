"""Options that several commands have, and the form of all commands."""

from pathlib import Path
from typing import Annotated, Any

import typer

HOURS_IN_A_YEAR = 8760


def data_dir_option(default: str) -> Any:
    """Return the --data-dir option of a command."""
    return typer.Option("--data-dir", metavar="DIR", help="Directory of the embedded database.", show_default=default)


DataDirOption = Annotated[Path | None, data_dir_option("LINKSKIPPER_DATA_DIR, or that of the running service")]
NewDataDirOption = Annotated[Path | None, data_dir_option("LINKSKIPPER_DATA_DIR, or the user's data folder")]
HostOption = Annotated[
    str | None,
    typer.Option(
        "--host", metavar="ADDRESS", help="Address to listen on.", show_default="LINKSKIPPER_HOST or 127.0.0.1"
    ),
]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="PORT",
        min=0,
        max=65535,
        help="Port to listen on. 0 is any free port.",
        show_default="LINKSKIPPER_PORT or 8000",
    ),
]
ProviderArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the provider.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def command_group(**options: Any) -> typer.Typer:
    """Return an empty group of commands with the look that all of them share."""
    return typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="markdown",  # "rich" keeps the line breaks of docstrings
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        **options,
    )
