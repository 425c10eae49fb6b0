"""Options that several commands take."""

from pathlib import Path
from typing import Annotated, Any

import typer

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Where the embedded database lives. [default: LINKSKIPPER_DATA_DIR or the user's data folder]",
    ),
]
Host = Annotated[
    str | None, typer.Option("--host", help="Address to listen on. [default: LINKSKIPPER_HOST or 127.0.0.1]")
]
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Port to listen on. [default: LINKSKIPPER_PORT or 8000]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def command_tree(**given: Any) -> typer.Typer:
    """A Typer for commands, in the form that all of ours have."""
    return typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,  # it would take "[default: …]" for markup
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        **given,
    )
