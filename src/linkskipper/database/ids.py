"""Ids that are ordered by time, so that new rows are close to each other in every index."""

import secrets
import time
from datetime import datetime
from uuid import UUID


def new_id() -> UUID:
    """Return a new UUID of version 7 (RFC 9562, 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1)


def first_id(moment: datetime) -> UUID:
    """Return the lowest id of that millisecond."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def age_of(row_id: UUID) -> float:
    """Return how long ago an id was made, in milliseconds. Clocks that differ never make it negative."""
    return max(0.0, time.time() * 1000 - (row_id.int >> 80))
