"""linkskipper lab"""

import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from linkskipper.cli.output import command
from linkskipper.cli.startup import start
from linkskipper.lab import Lab
from linkskipper.service import process


def lab(
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65534,
            help="Port for HTTP. HTTPS uses the next port. 0 is any two free ports.",
            show_default="LINKSKIPPER_LAB_PORT or 8100",
        ),
    ] = None,
) -> None:
    """Run the lab: local shorteners, one for each way in which links redirect, break or stop.

    Prints the settings that lead other commands to the lab.
    """
    settings = start(lab_port=port)
    with TemporaryDirectory(prefix="linkskipper-lab-") as state_dir:
        process.run(_serve(settings.lab_port, Path(state_dir)))


async def _serve(port: int, state_dir: Path) -> None:
    with process.stop_requested() as stop:
        async with Lab(port=port, state_dir=state_dir, command=command()) as running:
            typer.echo(_directions(running))
            await process.stay(stop)


def _directions(running: Lab) -> str:
    example = next(link.url for link in running.links if link.target is not None)
    return "\n".join(
        [
            f"# The lab runs. Its links: {running.url}",
            "# To resolve them, paste this into another terminal:",
            *(f"export {name}={shlex.quote(value)}" for name, value in running.settings.items()),
            f"{command()} resolve {example}",
            "# Press Ctrl-C to stop the lab.",
        ]
    )
