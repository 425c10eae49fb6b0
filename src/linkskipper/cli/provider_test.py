"""linkskipper providers test"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from linkskipper.catalog import Catalog, Provider, Sample, recording_of
from linkskipper.cli.options import JsonOption, ProviderArgument
from linkskipper.cli.output import note, print_json
from linkskipper.cli.resolve_output import hop_line
from linkskipper.cli.startup import start
from linkskipper.egress import Client
from linkskipper.egress.har import NotRecorded, Replay
from linkskipper.errors import CatalogError, UnknownRecordError
from linkskipper.resolver import USER_AGENT, Hop, LinkResolver, PageReader, Reason
from linkskipper.service.catalogs import load_catalog
from linkskipper.service.resolving import browser_engine, egress_policy
from linkskipper.settings import Settings


class SampleResult(msgspec.Struct, frozen=True):
    """The outcome of one sample."""

    url: str
    expect: str
    target_url: str | None
    reason: Reason | str | None
    detail: str | None
    hops: tuple[Hop, ...]

    @property
    def passed(self) -> bool:
        """Whether the target is the expected one, character by character."""
        return self.target_url == self.expect


def run_samples(
    provider_id: ProviderArgument,
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Send requests to the shortener, even with a recording.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Resolve the samples of a provider and show each hop.

    If there is a recording ID.har in the folder of the provider's file, it supplies the responses, and countdowns are
    skipped. Exits with 1 if a sample leads elsewhere.
    """
    settings = start()
    catalog = load_catalog(settings)
    provider = catalog.find(provider_id)
    if provider is None:
        raise UnknownRecordError.of(f"Provider {provider_id}", "providers")
    if not provider.samples:
        raise CatalogError(f"{provider_id} has no samples: add [[samples]] with url and expect to its file.")
    recording = None if live or provider.engine == "browser" else recording_of(provider_id, settings.providers_dir)
    note(f"{provider_id}: testing with {f'the recording {recording}' if recording else 'the shortener itself'}")
    results = asyncio.run(_run_all(settings, catalog, provider, recording, quiet=as_json))
    if as_json:
        print_json(results)
    passed = sum(result.passed for result in results)
    note(f"{passed} of {len(results)} samples lead where they should.")
    if passed < len(results):
        raise typer.Exit(1)


async def _run_all(
    settings: Settings, catalog: Catalog, provider: Provider, recording: Path | None, *, quiet: bool
) -> list[SampleResult]:
    """Test one sample after the other, and show each as it runs unless `quiet`."""
    results = []
    async with _resolver(settings, catalog, recording) as resolver:
        for sample in provider.samples:
            if not quiet:
                typer.echo(sample.url)
            results.append(await _run(resolver, sample, quiet=quiet))
            if not quiet:
                typer.echo(f"  {_verdict(results[-1])}")
    return results


@asynccontextmanager
async def _resolver(settings: Settings, catalog: Catalog, recording: Path | None) -> AsyncIterator[LinkResolver]:
    if recording is not None:
        async with PageReader() as reader:
            yield LinkResolver(catalog, Replay.read(recording), reader, sleep=_skip_wait)
        return
    policy = egress_policy(settings)
    async with (
        PageReader() as reader,
        Client(policy, user_agent=USER_AGENT) as client,
        browser_engine(settings, policy) as browser,
    ):
        yield LinkResolver(catalog, client, reader, browser=browser)


async def _skip_wait(_: float) -> None:
    """Return at once: recorded responses do not depend on time."""


async def _run(resolver: LinkResolver, sample: Sample, *, quiet: bool) -> SampleResult:
    hops: list[Hop] = []

    def on_hop(hop: Hop) -> None:
        hops.append(hop)
        if not quiet:
            typer.echo(f"  {hop_line(hop)}")

    try:
        resolution = await resolver.resolve(sample.url, on_hop=on_hop)
    except NotRecorded as error:
        detail = f"{error} Record it with linkskipper providers record, or use --live."
        return SampleResult(sample.url, sample.expect, None, "not_recorded", detail, tuple(hops))
    return SampleResult(
        sample.url, sample.expect, resolution.target_url, resolution.reason, resolution.detail, resolution.hops
    )


def _verdict(result: SampleResult) -> str:
    if result.passed:
        return f"✓ {result.target_url}"
    actual = result.target_url or f"{result.reason}: {result.detail}"
    return f"✗ {actual}\n  instead of {result.expect}"
