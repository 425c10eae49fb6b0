"""What each shortener does, as data: provider files, read and checked."""

from linkskipper.catalog.checks import check
from linkskipper.catalog.graveyard import Burial
from linkskipper.catalog.index import Catalog
from linkskipper.catalog.live import LiveCatalog
from linkskipper.catalog.model import PRICES, Provider, Sample, Tier
from linkskipper.catalog.problems import Problem
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
    "Burial",
    "Catalog",
    "Click",
    "Countdown",
    "Decoding",
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
