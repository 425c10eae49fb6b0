"""What each shortener does, as data: provider files, read and checked."""

from linkskipper.catalog.catalog import Catalog
from linkskipper.catalog.checks.run import check
from linkskipper.catalog.discontinued import DiscontinuedService
from linkskipper.catalog.loading.issues import Problem
from linkskipper.catalog.loading.live import LiveCatalog
from linkskipper.catalog.provider import PRICES, Provider, Sample, Tier
from linkskipper.catalog.recordings import recording_of
from linkskipper.catalog.steps import (
    Click,
    Countdown,
    Decoding,
    Fetch,
    Follow,
    FromFragment,
    FromPath,
    FromQuery,
    Link,
    ScriptValue,
    Step,
    Submit,
    Wait,
    WaitFor,
    Xhr,
)

__all__ = [
    "PRICES",
    "Catalog",
    "Click",
    "Countdown",
    "Decoding",
    "DiscontinuedService",
    "Fetch",
    "Follow",
    "FromFragment",
    "FromPath",
    "FromQuery",
    "Link",
    "LiveCatalog",
    "Problem",
    "Provider",
    "Sample",
    "ScriptValue",
    "Step",
    "Submit",
    "Tier",
    "Wait",
    "WaitFor",
    "Xhr",
    "check",
    "recording_of",
]
