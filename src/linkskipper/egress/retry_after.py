"""Read the Retry-After header (RFC 9110, section 10.2.3)."""

from datetime import UTC, datetime, timedelta

MAX_RETRY_AFTER = timedelta(hours=24)
_MAX_DIGITS = 9  # 31 years, more than any header may ask for


def read_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return the wait that a Retry-After value asks for: at least zero, at most `MAX_RETRY_AFTER`.

    The value is a number of seconds or a date. A date without a zone is UTC. Return None for anything else.
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        wait = timedelta(seconds=int(value[:_MAX_DIGITS]))
    else:
        from email.utils import parsedate_to_datetime  # noqa: PLC0415 - few answers ask for a wait

        try:
            date = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        wait = date.replace(tzinfo=date.tzinfo or UTC) - now
    return min(max(wait, timedelta()), MAX_RETRY_AFTER)
