"""Read the conformance files and compare by their rules (sdks/conformance/README.md)."""

import json
import re
from pathlib import Path
from typing import Any

CONFORMANCE = Path(__file__).parents[3] / "conformance"
TOLERANCE = 0.002
NO_RANDOMS = [0.5]


def load(name: str) -> dict[str, Any]:
    """Return a case file."""
    content: dict[str, Any] = json.loads((CONFORMANCE / f"{name}.json").read_text(encoding="utf-8"))
    return content


class Comparison:
    """Compares values with what a case expects. It remembers what the case captures."""

    def __init__(self) -> None:
        self._captured: dict[str, Any] = {}

    def check(self, expected: Any, actual: Any, where: str) -> None:
        """Assert that a value is as expected.

        Args:
            expected: A plain value or a matcher.
            actual: The value, or ``MISSING``.
            where: Names the value in the message of a failure.
        """
        if isinstance(expected, dict) and any(name.startswith("$") for name in expected):
            self._match(expected, actual, where)
        elif isinstance(expected, dict):
            assert isinstance(actual, dict), f"{where}: expected an object, got {actual!r}"
            for name, member in expected.items():
                self.check(member, actual.get(name, MISSING), f"{where}.{name}")
        elif isinstance(expected, list):
            assert isinstance(actual, list), f"{where}: expected a list, got {actual!r}"
            assert len(actual) == len(expected), f"{where}: expected {len(expected)} items, got {actual!r}"
            for index, item in enumerate(expected):
                self.check(item, actual[index], f"{where}[{index}]")
        else:
            assert type(expected) is bool or not isinstance(actual, bool), f"{where}: expected {expected!r}"
            assert actual == expected, f"{where}: expected {expected!r}, got {actual!r}"

    def _match(self, matcher: dict[str, Any], actual: Any, where: str) -> None:
        for rule, argument in matcher.items():
            message = f"{where}: {actual!r} breaks {rule} {argument!r}"
            if rule == "$absent":
                assert actual is MISSING, message
                continue
            assert actual is not MISSING, message
            if rule == "$between":
                assert argument[0] - TOLERANCE <= float(actual) <= argument[1] + TOLERANCE, message
            elif rule == "$matches":
                assert re.search(argument, actual), message
            elif rule == "$contains":
                assert all(text in actual for text in argument), message
            elif rule == "$lacks":
                assert not any(text in actual for text in argument), message
            elif rule == "$capture":
                assert self._captured.setdefault(argument, actual) == actual, message
            else:
                raise AssertionError(f"unknown matcher {rule}")


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


def check_sleeps(expected: list[list[float]], actual: list[float]) -> None:
    """Assert that the sleeps of a call are in their ranges. Sleeps of 0 do not count."""
    slept = [seconds for seconds in actual if seconds > 0]
    assert len(slept) == len(expected), f"sleeps: expected {expected}, got {slept}"
    for (low, high), seconds in zip(expected, slept, strict=True):
        assert low - TOLERANCE <= seconds <= high + TOLERANCE, f"sleeps: expected {expected}, got {slept}"
