"""The one reader of Retry-After."""

from datetime import UTC, datetime, timedelta

import pytest

from linkskipper.egress import read_retry_after

NOW = datetime(2026, 6, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("86400", 86400),
        ("86401", 86400),
        ("99999999999999999999", 86400),
        ("Fri, 05 Jun 2026 12:01:00 GMT", 60),
        ("Friday, 05-Jun-26 12:01:00 GMT", 60),
        ("Fri Jun  5 12:01:00 2026", 60),
        ("Fri, 05 Jun 2026 12:01:00", 60),
        ("Fri, 05 Jun 2026 14:01:00 +0200", 60),
        ("Fri, 05 Jun 2026 11:00:00 GMT", 0),
        ("Fri, 05 Jun 2036 12:00:00 GMT", 86400),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    """Seconds and dates give a wait between zero and a day. Anything else gives none."""
    assert read_retry_after(value, NOW) == (None if seconds is None else timedelta(seconds=seconds))
