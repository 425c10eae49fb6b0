"""Record the exchanges of links while they are resolved."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkskipper.catalog import Catalog
from linkskipper.egress import Client
from linkskipper.egress.har import HarOutcome, Recording, build_har, write_har
from linkskipper.resolver import InProcessLimiter, LinkResolver, OnHop, PageReader, Resolution, StepRunner


class RecordingResolver:
    """Resolve links and keep the exchanges of each. Exchanges of a browser are not recorded."""

    def __init__(
        self,
        catalog: Catalog,
        client: Client,
        reader: PageReader,
        *,
        browser: StepRunner | None = None,
        generic: bool = False,
    ) -> None:
        self.recorded: list[tuple[HarOutcome, Recording]] = []
        self._catalog = catalog
        self._client = client
        self._reader = reader
        self._browser = browser
        self._generic = generic
        self._limiter = InProcessLimiter()

    async def resolve(self, url: str, *, on_hop: OnHop | None = None) -> Resolution:
        """Resolve a link. If it is interrupted, its exchanges until then are kept."""
        recording, outcome = Recording(self._client), HarOutcome(url=url)
        try:
            resolver = LinkResolver(
                self._catalog, recording, self._reader, browser=self._browser, generic=self._generic
            )
            resolution = await resolver.resolve(url, on_hop=on_hop, limiter=self._limiter)
            outcome = HarOutcome(
                url=url,
                provider=resolution.provider,
                target_url=resolution.target_url,
                reason=resolution.reason,
            )
        finally:
            self.recorded.append((outcome, recording))
        return resolution


@contextmanager
def saving(
    file: Path,
    catalog: Catalog,
    client: Client,
    reader: PageReader,
    *,
    browser: StepRunner | None = None,
    generic: bool = False,
) -> Iterator[RecordingResolver]:
    """Yield a recording resolver. Write its file when the context ends, also after an error.

    Raises:
        HarError: the file cannot be written. This is found before any link is resolved.
    """
    write_har(build_har(()), file)
    resolver = RecordingResolver(catalog, client, reader, browser=browser, generic=generic)
    try:
        yield resolver
    finally:
        write_har(build_har(resolver.recorded), file)
