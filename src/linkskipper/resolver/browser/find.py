"""Find the Chromium of this machine."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import platformdirs

from linkskipper.errors import SettingsError

# The headless shell comes first: it takes a third of the memory and the time, and sends nothing to its makers.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PLAYWRIGHTS = (
    "chromium_headless_shell-*/*/*headless*shell",
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/*/*.app/Contents/MacOS/*",
)

MISSING = (
    "No browser was found, so links that need one are not accepted. Install it with pip install 'linkskipper[browser]'"
    " and apt install chromium-headless-shell libatomic1 (or playwright install chromium-headless-shell), or set"
    " LINKSKIPPER_BROWSER to a Chromium."
)


def find_browser(named: Path | None = None) -> Path | None:
    """Return the named executable, else the system's, else Playwright's own, or None if a part is missing.

    Raises:
        SettingsError: The named file cannot be run.
    """
    if named is not None and not os.access(named, os.X_OK):
        raise SettingsError(f"LINKSKIPPER_BROWSER: {named} is not a program that can be run")
    if find_spec("playwright") is None or find_spec("psutil") is None:
        return None
    return named or _of_the_system() or _of_playwright()


def _of_the_system() -> Path | None:
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    return Path(path) if path else None


def _of_playwright() -> Path | None:
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or platformdirs.user_cache_path("ms-playwright"))
    files = (file for pattern in _PLAYWRIGHTS for file in sorted(folder.glob(pattern), reverse=True))
    return next((file for file in files if file.is_file() and os.access(file, os.X_OK)), None)
