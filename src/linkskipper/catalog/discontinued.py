"""Services that have closed."""

from datetime import date

from pydantic import Field

from linkskipper.catalog.fields import Name, Sentence, Table
from linkskipper.catalog.host_patterns import HostPattern

DISCONTINUED = "discontinued"
DISCONTINUED_FILES = frozenset({"discontinued.toml", "graveyard.toml"})
"""The names of files that list closed services. The second is the name before version 0.2."""

MAX_SERVICES = 5000


class DiscontinuedService(Table):
    """A service that closed: its hosts, the day, and the reason."""

    hosts: tuple[HostPattern, ...] = Field(min_length=1, max_length=MAX_SERVICES)
    label: Name = Field(min_length=1)
    closed: date
    reason: Sentence = Field(min_length=1)


class DiscontinuedFile(Table):
    """A whole file of closed services."""

    dead: tuple[DiscontinuedService, ...] = Field(max_length=MAX_SERVICES)
