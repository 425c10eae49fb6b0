"""When deliveries are tried again."""

from datetime import timedelta

import pytest

from linkskipper.errors import SettingsError
from linkskipper.settings import load
from linkskipper.webhooks import RetrySchedule

HOUR = timedelta(hours=1)


def test_the_usual_schedule() -> None:
    """Ten attempts over three days, each up to a fifth sooner or later."""
    waits = load().webhook_schedule
    assert [wait.total_seconds() for wait in waits] == [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    for chance, factor in ((0.0, 0.8), (0.5, 1.0), (1.0, 1.2)):
        schedule = RetrySchedule(waits, lambda chance=chance: chance)  # type: ignore[misc]
        assert [schedule.wait(step) for step in range(10)] == [wait * factor for wait in waits]
        assert schedule.wait(10) is None


def test_what_a_receiver_asks_for() -> None:
    """Retry-After lengthens a wait and never shortens it; a day is the most that anyone may ask for."""
    schedule = RetrySchedule((timedelta(), 2 * HOUR), lambda: 0.5)
    assert schedule.wait(1, HOUR) == 2 * HOUR
    assert schedule.wait(1, 3 * HOUR) == 3 * HOUR
    assert schedule.wait(1, 1000 * HOUR) == 24 * HOUR
    assert schedule.wait(2, HOUR) is None


@pytest.mark.parametrize("waits", ["", "5s,5m", "0,5 parsecs", "0,-5", "0,,s", "0,s"])
def test_schedules_that_make_no_sense_are_refused(monkeypatch: pytest.MonkeyPatch, waits: str) -> None:
    """The setting is one list of waits, the first of them 0; anything else is named at the start."""
    monkeypatch.setenv("LINKSKIPPER_WEBHOOK_SCHEDULE", waits)
    with pytest.raises(SettingsError, match="LINKSKIPPER_WEBHOOK_SCHEDULE"):
        load()


def test_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds need no unit; minutes, hours and days have one."""
    monkeypatch.setenv("LINKSKIPPER_WEBHOOK_SCHEDULE", "0, 7, 5s, 2m, 3h, 1d")
    assert [wait.total_seconds() for wait in load().webhook_schedule] == [0, 7, 5, 120, 10800, 86400]
