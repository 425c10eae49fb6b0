"""Get the tests what runs the receivers of docs/receivers: Node and PHP, from Debian where they may be installed."""

import os
import shutil
import subprocess
import sys

PACKAGES = {"node": "nodejs", "php": "php-cli"}


def run(*command: str) -> bool:
    """Run a command quietly; tells whether it did what it should."""
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
if missing and os.geteuid() == 0 and shutil.which("apt-get"):
    sys.stdout.write(f"The tests need {' and '.join(missing)}: installing.\n")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    get = ("apt-get", "install", "--yes", "--no-install-recommends", *missing)
    run(*get) or (run("apt-get", "update") and run(*get))
if still := [package for program, package in PACKAGES.items() if shutil.which(program) is None]:
    sys.exit(f"The tests need {' and '.join(still)}, and cannot install them here: please do.")
