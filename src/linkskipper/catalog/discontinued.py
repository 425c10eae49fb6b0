"""Services that are no more."""

from datetime import date

from pydantic import Field

from linkskipper.catalog.fields import HostPattern, Table

DISCONTINUED = "graveyard"
DISCONTINUED_FILE = f"{DISCONTINUED}.toml"


class DiscontinuedService(Table):
    """A service that closed: its hosts, the day, and why."""

    hosts: tuple[HostPattern, ...] = Field(min_length=1)
    label: str = Field(min_length=1)
    closed: date
    reason: str = Field(min_length=1)


class DiscontinuedFile(Table):
    """The whole file."""

    dead: tuple[DiscontinuedService, ...]
