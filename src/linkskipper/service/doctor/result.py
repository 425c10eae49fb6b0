"""The result of a check."""

from typing import Literal

import msgspec

CheckState = Literal["ok", "warning", "problem"]


class CheckResult(msgspec.Struct, frozen=True):
    """What a check found, and what to do unless it is ok."""

    name: str
    state: CheckState
    found: str
    action: str = ""


def ok(name: str, found: str) -> CheckResult:
    """Return a result without anything to do."""
    return CheckResult(name, "ok", found)
