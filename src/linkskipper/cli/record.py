"""linkskipper providers record …"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from linkskipper import settings as settings_module
from linkskipper.catalog import Catalog
from linkskipper.cli import logs
from linkskipper.cli.recorder import saving
from linkskipper.cli.resolve import hop_shower
from linkskipper.egress import Client
from linkskipper.errors import UnknownRecordError
from linkskipper.resolver import USER_AGENT, Resolution, Unsupported, parse_link
from linkskipper.service.resolving import egress_policy, load_catalog


def record(
    provider: Annotated[str, typer.Argument(metavar="ID", help="The provider's id.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="One of its links.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The file to write. [default: ID.har]")
    ] = None,
) -> None:
    """Visit a link and keep all that is exchanged, and how it ended, as a HAR file to test the provider with offline.

    Look through the file before you give it to anybody: what the shortener set as cookies is in it.
    """
    settings = settings_module.load()
    logs.configure(settings)
    catalog, policy, file = load_catalog(settings), egress_policy(settings), out or Path(f"{provider}.har")
    _require_link(catalog, provider, url)

    async def run() -> tuple[Resolution, int]:
        async with Client(policy, user_agent=USER_AGENT) as client:
            with saving(file, catalog, client) as recorder:
                resolution = await recorder.resolve(url, on_hop=hop_shower(Console(stderr=True)))
            return resolution, sum(len(recording.entries) for _, recording in recorder.recorded)

    resolution, count = asyncio.run(run())
    ending = f"to {resolution.target_url}" if resolution.reason is None else f"at {resolution.reason}"
    typer.echo(f"{file}: {count} exchange{'' if count == 1 else 's'}, {ending}", err=True)


def _require_link(catalog: Catalog, provider: str, url: str) -> None:
    if catalog.find(provider) is None:
        raise UnknownRecordError(f"There is no provider {provider}: see linkskipper providers list.")
    try:
        owner = parse_link(url, catalog).provider
    except Unsupported as error:
        raise typer.BadParameter(str(error), param_hint="URL") from None
    if owner.id != provider:
        raise typer.BadParameter(f"this is a link of {owner.id}, not of {provider}", param_hint="URL")
