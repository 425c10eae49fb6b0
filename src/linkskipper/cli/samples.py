"""linkskipper providers test …: a provider's samples, hop by hop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from linkskipper import settings as settings_module
from linkskipper.catalog import Catalog, Provider, Sample, recording_of
from linkskipper.cli import logs
from linkskipper.cli.admin import print_json
from linkskipper.cli.options import AsJson
from linkskipper.cli.resolve import hop_line
from linkskipper.egress import Client
from linkskipper.egress.har import NotRecorded, Replay
from linkskipper.errors import CatalogError, UnknownRecordError
from linkskipper.resolver import USER_AGENT, Hop, LinkResolver, Reason
from linkskipper.service.resolving import browser_engine, egress_policy, load_catalog
from linkskipper.settings import Settings


class Tested(msgspec.Struct, frozen=True):
    """What became of a sample."""

    url: str
    expect: str
    target_url: str | None
    reason: Reason | str | None
    detail: str | None
    hops: tuple[Hop, ...]

    @property
    def right(self) -> bool:
        """Whether it leads where it should, letter by letter."""
        return self.target_url == self.expect


def run_samples(
    provider: Annotated[str, typer.Argument(metavar="ID", help="The provider's id.")],
    *,
    live: Annotated[bool, typer.Option("--live", help="Ask the shortener, recording or not.")] = False,
    as_json: AsJson = False,
) -> None:
    """Resolve a provider's samples and show, hop by hop, what happens; exit 1 if one leads elsewhere.

    Where a recording ID.har lies beside the provider's file, its answers are used, and countdowns are not waited out.
    """
    settings = settings_module.load()
    logs.configure(settings)
    catalog = load_catalog(settings)
    found = catalog.find(provider)
    if found is None:
        raise UnknownRecordError(f"There is no provider {provider}: see linkskipper providers list.")
    if not found.samples:
        raise CatalogError(f"{provider} has no samples: add [[samples]] with url and expect to its file.")
    recording = None if live or found.engine == "browser" else recording_of(provider, settings.providers_dir)
    typer.echo(f"{provider}: {f'by the recording {recording}' if recording else 'by the shortener itself'}", err=True)
    tested = asyncio.run(_run_all(settings, catalog, found, recording, quiet=as_json))
    if as_json:
        print_json(tested)
    right = sum(each.right for each in tested)
    typer.echo(f"{right} of {len(tested)} samples lead where they should.", err=True)
    if right < len(tested):
        raise typer.Exit(1)


async def _run_all(
    settings: Settings, catalog: Catalog, provider: Provider, recording: Path | None, *, quiet: bool
) -> list[Tested]:
    """Test one sample after the other, each shown as it goes unless that is to be quiet."""
    tested = []
    async with _resolver(settings, catalog, recording) as resolver:
        for sample in provider.samples:
            if not quiet:
                typer.echo(sample.url)
            tested.append(await _run(resolver, sample, quiet=quiet))
            if not quiet:
                typer.echo(f"  {_verdict(tested[-1])}")
    return tested


@asynccontextmanager
async def _resolver(settings: Settings, catalog: Catalog, recording: Path | None) -> AsyncIterator[LinkResolver]:
    if recording is not None:
        yield LinkResolver(catalog, Replay.read(recording), sleep=_at_once)
        return
    policy = egress_policy(settings)
    async with Client(policy, user_agent=USER_AGENT) as client, browser_engine(settings, policy) as browser:
        yield LinkResolver(catalog, client, browser=browser)


async def _at_once(_: float) -> None:
    """Recorded answers come no better for waiting."""


async def _run(resolver: LinkResolver, sample: Sample, *, quiet: bool) -> Tested:
    hops: list[Hop] = []

    def on_hop(hop: Hop) -> None:
        hops.append(hop)
        if not quiet:
            typer.echo(f"  {hop_line(hop)}")

    try:
        resolution = await resolver.resolve(sample.url, on_hop=on_hop)
    except NotRecorded as error:
        detail = f"{error} Record it with linkskipper providers record, or use --live."
        return Tested(sample.url, sample.expect, None, "not_recorded", detail, tuple(hops))
    return Tested(
        sample.url, sample.expect, resolution.target_url, resolution.reason, resolution.detail, resolution.hops
    )


def _verdict(tested: Tested) -> str:
    if tested.right:
        return f"✓ {tested.target_url}"
    got = tested.target_url or f"{tested.reason}: {tested.detail}"
    return f"✗ {got}\n  instead of {tested.expect}"
