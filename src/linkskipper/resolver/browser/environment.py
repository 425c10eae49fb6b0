"""The environment of the browser and its driver: an allow-list, so that they never hold the service's secrets."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from playwright._impl import transport

from linkskipper.errors import SettingsError

_NAMES = frozenset(
    {"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "CHROME_DEVEL_SANDBOX"}
    | {"FONTCONFIG_FILE", "FONTCONFIG_PATH", "SYSTEMROOT"}
)
_PREFIXES = ("LC_", "PLAYWRIGHT_", "PW_")

_is_restricted: ContextVar[bool] = ContextVar("is_restricted", default=False)


def allowed_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that child processes of the browser engine may see."""
    return {name: value for name, value in environment.items() if name in _NAMES or name.startswith(_PREFIXES)}


@contextmanager
def restricted_driver() -> Iterator[None]:
    """Start Playwright's driver with the allowed variables only. Tasks that begin in this context are affected.

    Playwright has no option for this, so the function that builds the environment is replaced. Other users of
    Playwright in this process keep the original.

    Raises:
        SettingsError: This version of Playwright builds the environment elsewhere.
    """
    original = getattr(transport, "get_driver_env", None)
    if original is None:
        raise SettingsError(
            "this version of Playwright is not supported: the environment of its driver is built elsewhere"
        )
    if not getattr(original, "is_restricting", False):

        def get_driver_env() -> dict[str, str]:
            environment: dict[str, str] = original()
            return allowed_environment(environment) if _is_restricted.get() else environment

        get_driver_env.is_restricting = True  # type: ignore[attr-defined]
        transport.get_driver_env = get_driver_env  # type: ignore[attr-defined]
    token = _is_restricted.set(True)
    try:
        yield
    finally:
        _is_restricted.reset(token)
