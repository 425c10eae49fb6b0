"""Numbers and times as people read them."""

from datetime import UTC, datetime, timedelta

UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def number(value: int) -> str:
    """Write a number with thin spaces between thousands."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def size(count: int) -> str:
    """Write a number of bytes with one unit: 800 B, 12 kB, 3.4 GB."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:  # noqa: PLR2004 - the next unit
            break
        amount, unit = amount / 1000, larger
    digits = 1 if unit != "B" and amount < 10 else 0  # noqa: PLR2004 - two digits are enough
    return f"{amount:.{digits}f}\N{NO-BREAK SPACE}{unit}"


def span(seconds: float) -> str:
    """Write a duration with one unit: 3 d, 5 h, 12 min, 4 s."""
    for unit, size in UNITS:
        if seconds >= size:
            return f"{int(seconds // size)}\N{NO-BREAK SPACE}{unit}"
    return "0\N{NO-BREAK SPACE}s"


def duration(milliseconds: float) -> str:
    """Write a short duration: 840 ms, 1.4 s, 12 s, 3 min."""
    if milliseconds < 1000:  # noqa: PLR2004 - a second
        return f"{milliseconds:.0f}\N{NO-BREAK SPACE}ms"
    seconds = milliseconds / 1000
    if seconds < 10:  # noqa: PLR2004 - two digits are enough
        return f"{seconds:.1f}\N{NO-BREAK SPACE}s"
    return span(seconds)


def ago(time: datetime) -> str:
    """Write how long ago a time was, or how far ahead it is."""
    seconds = (datetime.now(UTC) - time).total_seconds()
    if seconds < 0:
        return f"in {span(-seconds)}"
    return "just now" if seconds < 1 else f"{span(seconds)} ago"


def exact(time: datetime) -> str:
    """Write a time in UTC to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(time: datetime) -> str:
    """Write a time for programs."""
    return time.astimezone(UTC).isoformat(timespec="seconds")


def lasting(available: int, charged: int, since: datetime | None, now: datetime) -> str | None:
    """Say how long the credits last at the rate of the last charges. None if nothing was charged."""
    if since is None or not charged:
        return None
    return days(available * max(now - since, timedelta(days=1)) / charged)


def days(length: timedelta) -> str:
    """Write a number of days."""
    count = max(1, length.days)
    return "1 day" if count == 1 else f"{number(count)} days"
