"""Make sure that the programs exist that the tests run.

They are a Chromium and its driver's library, Node, promtool, systemd-analyze, PgBouncer, and PHP with its extensions
and libraries.

In CI (the environment variable CI is set) missing ones are installed. In a terminal the user is asked first. Otherwise
the message says what to install. Node and promtool need no question: they are installed into .venv.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from ctypes.util import find_library

from playwright.async_api import Error, async_playwright

from linkskipper.resolver.browser import find_browser
from linkskipper.settings import load
from tools import node, promtool

BROWSER = "chromium-headless-shell"
# Debian's packages, by what they provide.
PROGRAMS = {
    "php": "php-cli",
    "phpunit": "phpunit",
    "phpcs": "php-codesniffer",
    "composer": "composer",
    "systemd-analyze": "systemd",
    "pgbouncer": "pgbouncer",
}
LIBRARIES = {"atomic": "libatomic1"}  # of the driver of the browser
PHP_EXTENSIONS = {"curl": "php-curl", "mbstring": "php-mbstring", "dom": "php-xml", "zip": "php-zip"}
PHP_LIBRARIES = {
    "GuzzleHttp/autoload.php": "php-guzzlehttp-guzzle",
    "GuzzleHttp/Psr7/autoload.php": "php-guzzlehttp-psr7",
    "Psr/Log/autoload.php": "php-psr-log",
}


def main() -> int:
    """Install what is missing, or say what to install. Return 1 if the tests cannot run."""
    missing = missing_packages()
    if missing and may_install(missing):
        install(missing)
        missing = missing_packages()
    if missing:
        sys.stderr.write(
            f"The tests need {', '.join(missing)}. Install them, for example: apt install {' '.join(missing)}\n"
        )
        return 1
    if not node.ensure():
        sys.stderr.write(f"The tests need npm and Node {node.needed()}. Install them.\n")
        return 1
    if not promtool.ensure():
        sys.stderr.write("The tests need promtool, which comes with Prometheus. Install it.\n")
        return 1
    problem = asyncio.run(browser_problem())
    if problem:
        sys.stderr.write(f"The tests need a Chromium, but {problem}. Set LINKSKIPPER_BROWSER to one that starts.\n")
        return 1
    return 0


def missing_packages() -> list[str]:
    """Return the Debian packages of what is missing."""
    missing = [package for program, package in PROGRAMS.items() if _find(program) is None]
    missing += [package for name, package in LIBRARIES.items() if find_library(name) is None]
    missing += [package for name, package in PHP_EXTENSIONS.items() if not _php_has(f"extension_loaded('{name}')")]
    missing += [package for file, package in PHP_LIBRARIES.items() if not _php_has(f"(@include '{file}')")]
    return missing if find_browser(load().browser) is not None else [*missing, BROWSER]


def may_install(packages: Sequence[str]) -> bool:
    """Return whether packages may be installed: always in CI, in a terminal if the user agrees."""
    if os.environ.get("CI"):
        return True
    if not sys.stdin.isatty() or not _has_apt():
        return False
    answer = input(f"The tests need {', '.join(packages)}. Install them now with apt-get? [y/N] ")
    return answer.strip().lower() in {"y", "yes"}


def install(packages: Sequence[str]) -> None:
    """Install Debian packages. Where that is not possible, install Playwright's own browser."""
    sys.stdout.write(f"Installing {', '.join(packages)}.\n")
    command = ("apt-get", "install", "--yes", "--no-install-recommends", *packages)
    if _has_apt() and (_run(*command) or (_run("apt-get", "update") and _run(*command))):
        return
    if BROWSER in packages:
        _run(sys.executable, "-m", "playwright", "install", *(["--with-deps"] if os.geteuid() == 0 else []), BROWSER)


async def browser_problem() -> str | None:
    """Return why the installed browser does not start, None if it does."""
    executable = find_browser(load().browser)
    try:
        async with async_playwright() as playwright:
            sandbox = os.geteuid() != 0
            await (await playwright.chromium.launch(executable_path=executable, chromium_sandbox=sandbox)).close()
    except Error as error:
        return f"{executable} does not start: " + " ".join(str(error).split())[:300]
    return None


def _find(program: str) -> str | None:
    """Return the path of a program. Those of the system are not on the path of every user."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin")


def _php_has(condition: str) -> bool:
    return shutil.which("php") is not None and _run("php", "-r", f"exit({condition} ? 0 : 1);")


def _has_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _run(*command: str) -> bool:
    """Run a command quietly. Return whether it succeeded."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=environment)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
