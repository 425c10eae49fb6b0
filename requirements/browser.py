"""Get the tests a Chromium: the one that is here, else Debian's where it may be installed, else Playwright's."""

import asyncio
import os
import shutil
import subprocess
import sys

from playwright.async_api import Error, async_playwright

from linkskipper.resolver.browser import find_browser
from linkskipper.settings import load

PACKAGE = "chromium-headless-shell"


def run(*command: str) -> bool:
    """Run a command quietly; tells whether it did what it should."""
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def install() -> None:
    """Install one, by whichever way there is."""
    sys.stdout.write(f"The tests need a Chromium: installing {PACKAGE}.\n")
    if os.geteuid() == 0 and shutil.which("apt-get"):
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        get = ("apt-get", "install", "--yes", "--no-install-recommends", PACKAGE)
        if run(*get) or (run("apt-get", "update") and run(*get)):
            return
    run(sys.executable, "-m", "playwright", "install", *(["--with-deps"] if os.geteuid() == 0 else []), PACKAGE)


async def problem() -> str | None:
    """Why the browser that is here does not start."""
    executable = find_browser(load().browser)
    if executable is None:
        return "there is none, and it could not be installed"
    try:
        async with async_playwright() as playwright:
            sandbox = os.geteuid() != 0
            await (await playwright.chromium.launch(executable_path=executable, chromium_sandbox=sandbox)).close()
    except Error as error:
        return f"{executable} does not start: " + " ".join(str(error).split())[:300]
    return None


if find_browser(load().browser) is None:
    install()
if why := asyncio.run(problem()):
    sys.exit(f"The tests need a Chromium, and {why}. Install Debian's {PACKAGE}, or set LINKSKIPPER_BROWSER to one.")
