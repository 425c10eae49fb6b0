"""Recordings, played back: for any test that has a HAR and a catalogue."""

from linkskipper.catalog import Catalog
from linkskipper.egress.har import Har, HarOutcome, Replay
from linkskipper.resolver import LinkResolver, PageReader, Resolution


async def at_once(_: float) -> None:
    """Stands for waiting."""


async def replay(har: Har, catalog: Catalog) -> list[tuple[HarOutcome, Resolution]]:
    """How each recorded link ended, and how it ends by this catalogue when the recording answers.

    Countdowns are not waited out. Raises NotRecorded where more is asked for than was recorded.
    """
    async with PageReader() as reader:
        resolver = LinkResolver(catalog, Replay(har), reader, sleep=at_once)
        return [(outcome, await resolver.resolve(outcome.url)) for outcome in har.outcomes]
