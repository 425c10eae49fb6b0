"""Resolving with everything kept that is exchanged on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkskipper.catalog import Catalog
from linkskipper.egress import Client
from linkskipper.egress.har import HarOutcome, Recording, build_har, write_har
from linkskipper.resolver import InProcessLimiter, LinkResolver, OnHop, Resolution, StepRunner


class OutcomeRecorder:
    """A resolver that keeps what is exchanged for each of its links; what a browser exchanges is not seen here."""

    def __init__(
        self, catalog: Catalog, client: Client, *, browser: StepRunner | None = None, generic: bool = False
    ) -> None:
        self.recorded: list[tuple[HarOutcome, Recording]] = []
        self._catalog = catalog
        self._client = client
        self._browser = browser
        self._generic = generic
        self._turns = InProcessLimiter()

    async def resolve(self, url: str, *, on_hop: OnHop | None = None) -> Resolution:
        """Resolve a link; what was exchanged for one that is broken off is kept too."""
        recording, outcome = Recording(self._client), HarOutcome(url=url)
        try:
            resolver = LinkResolver(self._catalog, recording, browser=self._browser, generic=self._generic)
            resolution = await resolver.resolve(url, on_hop=on_hop, limiter=self._turns)
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
    file: Path, catalog: Catalog, client: Client, *, browser: StepRunner | None = None, generic: bool = False
) -> Iterator[OutcomeRecorder]:
    """A recorder whose file is written when the context ends, however it does.

    Raises:
        HarError: the file cannot be written; which is found out at once.
    """
    write_har(build_har(()), file)
    recorder = OutcomeRecorder(catalog, client, browser=browser, generic=generic)
    try:
        yield recorder
    finally:
        write_har(build_har(recorder.recorded), file)
