"""linkskipper providers record"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from linkskipper.catalog import Catalog
from linkskipper.cli.options import ProviderArgument
from linkskipper.cli.output import note
from linkskipper.cli.recording import saving
from linkskipper.cli.resolve_output import hop_printer
from linkskipper.cli.startup import start
from linkskipper.egress import Client
from linkskipper.errors import UnknownRecordError
from linkskipper.resolver import USER_AGENT, PageReader, Resolution, Unsupported, parse_link
from linkskipper.service.catalogs import load_catalog
from linkskipper.service.resolving import egress_policy


def record(
    provider: ProviderArgument,
    url: Annotated[str, typer.Argument(metavar="URL", help="Link of the provider.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="File to write.", show_default="ID.har")
    ] = None,
) -> None:
    """Resolve a link and record all exchanges in a HAR file, to test the provider offline.

    Read the file before you pass it on. It contains the cookies that the shortener set.
    """
    settings = start()
    catalog, policy, file = load_catalog(settings), egress_policy(settings), out or Path(f"{provider}.har")
    _require_link(catalog, provider, url)

    async def run() -> tuple[Resolution, int]:
        async with Client(policy, user_agent=USER_AGENT) as client, PageReader() as reader:
            with saving(file, catalog, client, reader) as resolver:
                resolution = await resolver.resolve(url, on_hop=hop_printer())
            return resolution, sum(len(recording.entries) for _, recording in resolver.recorded)

    resolution, count = asyncio.run(run())
    outcome = f"to {resolution.target_url}" if resolution.reason is None else f"at {resolution.reason}"
    note(f"{file}: {count} exchange{'' if count == 1 else 's'}, {outcome}")


def _require_link(catalog: Catalog, provider: str, url: str) -> None:
    if catalog.find(provider) is None:
        raise UnknownRecordError.of(f"Provider {provider}", "providers")
    try:
        owner = parse_link(url, catalog).provider
    except Unsupported as error:
        raise typer.BadParameter(str(error), param_hint="URL") from None
    if owner.id != provider:
        raise typer.BadParameter(f"this is a link of {owner.id}, not of {provider}", param_hint="URL")
