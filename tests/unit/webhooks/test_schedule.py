"""The schedule of attempts."""

from datetime import timedelta

import pytest

from linkskipper.errors import SettingsError
from linkskipper.settings import load
from linkskipper.webhooks import RetrySchedule

HOUR = timedelta(hours=1)


def test_default_schedule() -> None:
    """The default is ten attempts over three days. Each wait varies by up to a fifth."""
    waits = load().webhook_schedule
    assert [wait.total_seconds() for wait in waits] == [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    for random, factor in ((0.0, 0.8), (0.5, 1.0), (1.0, 1.2)):
        schedule = RetrySchedule(waits, lambda random=random: random)  # type: ignore[misc]
        assert [schedule.wait(attempts) for attempts in range(10)] == [wait * factor for wait in waits]
        assert schedule.wait(10) is None


def test_retry_after_extends_a_wait() -> None:
    """Retry-After extends a wait to at most a day, and never shortens it."""
    schedule = RetrySchedule((timedelta(), 2 * HOUR), lambda: 0.5)
    assert schedule.wait(1, HOUR) == 2 * HOUR
    assert schedule.wait(1, 3 * HOUR) == 3 * HOUR
    assert schedule.wait(1, 1000 * HOUR) == 24 * HOUR
    assert schedule.wait(2, HOUR) is None


@pytest.mark.parametrize("waits", ["", "5s,5m", "0,5 parsecs", "0,-5", "0,,s", "0,s"])
def test_invalid_schedules_are_refused(monkeypatch: pytest.MonkeyPatch, waits: str) -> None:
    """A schedule that is not a list of waits, or does not begin with 0, is an error that names the setting."""
    monkeypatch.setenv("LINKSKIPPER_WEBHOOK_SCHEDULE", waits)
    with pytest.raises(SettingsError, match="LINKSKIPPER_WEBHOOK_SCHEDULE"):
        load()


def test_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait without a unit is in seconds."""
    monkeypatch.setenv("LINKSKIPPER_WEBHOOK_SCHEDULE", "0, 7, 5s, 2m, 3h, 1d")
    assert [wait.total_seconds() for wait in load().webhook_schedule] == [0, 7, 5, 120, 10800, 86400]
