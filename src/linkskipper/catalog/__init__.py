"""The catalog: what each shortener does, as data in provider files (docs/reference/provider-files.md)."""

from linkskipper.catalog.catalog import Catalog
from linkskipper.catalog.checks.run import check
from linkskipper.catalog.decoding import Decoding, TextChange
from linkskipper.catalog.discontinued import DiscontinuedService
from linkskipper.catalog.issues import Issue
from linkskipper.catalog.provider import PRICES, Provider, Sample, Tier
from linkskipper.catalog.recordings import recording_of
from linkskipper.catalog.steps import Step

__all__ = [
    "PRICES",
    "Catalog",
    "Decoding",
    "DiscontinuedService",
    "Issue",
    "Provider",
    "Sample",
    "Step",
    "TextChange",
    "Tier",
    "check",
    "recording_of",
]
