"""The environment of child processes: an allow-list, so that they hold no secrets of this process."""

import os
from collections.abc import Mapping

_NAMES = frozenset(
    {"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "CHROME_DEVEL_SANDBOX"}
    | {"FONTCONFIG_FILE", "FONTCONFIG_PATH", "SYSTEMROOT"}
)
_PREFIXES = ("LC_", "PLAYWRIGHT_", "PW_")


def allowed_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that every child process may see."""
    return {name: value for name, value in environment.items() if name in _NAMES or name.startswith(_PREFIXES)}
