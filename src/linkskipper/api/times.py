"""Times as docs/reference/api.md defines them ("Common rules"): ISO 8601 in UTC, with milliseconds and Z."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


def iso_time(time: datetime) -> str:
    """Format a time."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
