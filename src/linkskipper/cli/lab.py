"""linkskipper lab: local shorteners to try the resolver on, without internet."""

import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from linkskipper import settings as settings_module
from linkskipper.lab import Lab
from linkskipper.service import process


def lab(
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65534,
            help="HTTP port; HTTPS is the one after it; 0: any two. [default: LINKSKIPPER_LAB_PORT or 8100]",
        ),
    ] = None,
) -> None:
    """Run local shorteners, one for each way that links redirect, break or stop.

    Prints the settings that lead other commands there, to be pasted into another terminal.
    """
    settings = settings_module.load(lab_port=port)
    with TemporaryDirectory(prefix="linkskipper-lab-") as state_dir:
        process.run(_serve(settings.lab_port, Path(state_dir)))


async def _serve(port: int, state_dir: Path) -> None:
    with process.stop_requested() as stop:
        async with Lab(port=port, state_dir=state_dir) as running:
            typer.echo(_directions(running))
            await process.stay(stop)


def _directions(running: Lab) -> str:
    exports = {
        "LINKSKIPPER_HOST_MAP": ",".join(running.host_map),
        "LINKSKIPPER_EXTRA_CA": str(running.ca_file),
        "LINKSKIPPER_PROVIDERS_DIR": str(running.providers_dir),
    }
    example = next(link.url for link in running.links if link.target is not None)
    return "\n".join(
        [
            f"# The lab is running; its links: {running.url}",
            "# To resolve them, paste this into another terminal:",
            *(f"export {name}={shlex.quote(value)}" for name, value in exports.items()),
            f"linkskipper resolve {example}",
            "# Ctrl-C stops it.",
        ]
    )
