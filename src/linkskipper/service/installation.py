"""The installation, as its operators see it in the dashboard: checks that are quick, and the settings."""

import time
from collections.abc import Awaitable, Sequence

from linkskipper.dashboard import Finding
from linkskipper.database import Pool
from linkskipper.service.doctor import CheckResult, database_checks, machine_checks
from linkskipper.settings import PREFIX, SECRETS, Settings

REMEMBERED_SECONDS = 5.0


class Examiner:
    """Makes the quick checks of `linkskipper doctor`, at most every REMEMBERED_SECONDS."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings = settings
        self._pool = pool
        self._findings: Sequence[Finding] = ()
        self._expires_at = 0.0

    async def examine(self) -> Sequence[Finding]:
        """Return the result of each check."""
        if time.monotonic() >= self._expires_at:
            results = [await check for check in self._checks()]
            self._findings = [Finding(result.name, result.state, result.found, result.action) for result in results]
            self._expires_at = time.monotonic() + REMEMBERED_SECONDS
        return self._findings

    def _checks(self) -> Sequence[Awaitable[CheckResult]]:
        settings, pool = self._settings, self._pool
        return (
            database_checks.check_server(pool),
            database_checks.check_schema(pool),
            database_checks.check_clock(settings, pool),
            machine_checks.check_limits_store(settings),
            machine_checks.check_disk(settings),
            machine_checks.check_open_files(settings),
            machine_checks.check_safety(settings),
        )


def shown(settings: Settings) -> list[tuple[str, str]]:
    """Return the variables of all settings with their values. Of a secret, only whether it is set."""
    return [
        (f"{PREFIX}{name.upper()}", _shown(name, getattr(settings, name))) for name in sorted(Settings.model_fields)
    ]


def _shown(name: str, value: object) -> str:
    if value is None or value == ():
        return ""
    if name.upper() in SECRETS:
        return "set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join("=".join(part) if isinstance(part, tuple) else str(part) for part in value)
    return str(value)
