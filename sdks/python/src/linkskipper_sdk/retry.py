"""Rules for trying a failed exchange again."""

import re
from dataclasses import dataclass
from math import isfinite

from linkskipper_sdk.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """The number of attempts and the delays between them.

    Attributes:
        max_attempts: All attempts, the first included. 1 turns retries off.
        initial_delay: Seconds before the second attempt. Each delay is random between its half and itself.
        max_delay: The longest delay in seconds.
        backoff_factor: By how much each delay is longer than the one before.
        max_retry_after: The longest ``Retry-After`` in seconds that is waited out. A longer one is raised at once.

    Raises:
        ConfigurationError: a value is out of range.
    """

    max_attempts: int = 3
    initial_delay: float = 0.5
    max_delay: float = 8.0
    backoff_factor: float = 2.0
    max_retry_after: float = 60.0

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            minimum = 1 if name in {"max_attempts", "backoff_factor"} else 0
            if not (isinstance(value, int | float) and isfinite(value) and value >= minimum):
                raise ConfigurationError(f"retry: {name} must be a number from {minimum}.")

    def delay(self, failures: int, random: float) -> float:
        """Return the seconds to sleep after this number of failures. ``random`` is from 0 to 1."""
        factor = self.backoff_factor ** min(failures - 1, 60)  # 60 doublings are more than any max_delay
        delay = min(self.max_delay, self.initial_delay * factor)
        return delay / 2 + random * delay / 2


_HTTP_DATE = re.compile(  # the three forms of RFC 9110, 5.6.7
    r"[A-Z][a-z]+,? (?:[A-Z][a-z]{2} +)?\d{1,2}[ -](?:[A-Z][a-z]{2}[ -]\d{2,4} )?\d\d:[0-5]\d:[0-5]\d (?:\d{4}|GMT)"
)


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for (RFC 9110, 10.2.3), or None for anything odd."""
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return _bounded_integer(value)
    if not _HTTP_DATE.fullmatch(value):
        return None
    from datetime import UTC  # noqa: PLC0415  dates are rare, and the package imports quickly
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        time = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return max(0.0, (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() - now)


def _bounded_integer(digits: str) -> int:
    return int(digits[:40])  # Python refuses to read numbers of thousands of digits
