"""The user that the browser runs as. Chromium has no sandbox for root."""

import os
import pwd
from importlib.util import find_spec
from pathlib import Path
from pwd import struct_passwd
from tempfile import gettempdir

from linkskipper.errors import SystemUserError
from linkskipper.system_users import closed_folder, system_user

BROWSER_USER = "linkskipper-browser"
_ADVICE = "Run the service as an ordinary user, or set LINKSKIPPER_BROWSER_SANDBOX=false to run it without a sandbox."


def browser_user(executable: Path, *, sandbox: bool) -> struct_passwd | None:
    """Return the user that the browser runs as, or None for the user of this process.

    Root gives the browser a user of its own. Without a sandbox, the browser runs as root if that user is missing.

    Raises:
        SystemUserError: This process is root, and there is no user that can run the browser in a sandbox.
    """
    if os.geteuid() != 0:
        return None
    try:
        return _user_for(executable)
    except SystemUserError as error:
        if sandbox:
            raise SystemUserError(f"Chromium has no sandbox as root. {error} {_ADVICE}") from None
        return None


def find_user() -> struct_passwd | None:
    """Return the browser's own user if it exists."""
    try:
        return pwd.getpwnam(BROWSER_USER)
    except KeyError:
        return None


def _user_for(executable: Path) -> struct_passwd:
    user = system_user(BROWSER_USER)
    for path in (executable, _driver(), Path(gettempdir())):
        if (folder := closed_folder(path, user)) is not None:
            raise SystemUserError(f"The user {BROWSER_USER} cannot enter {folder} to reach {path}.")
    return user


def _driver() -> Path:
    """Return a file of Playwright's driver, or the Node.js that the environment names for it."""
    spec = find_spec("playwright")
    package = "/" if spec is None or spec.origin is None else spec.origin
    return Path(os.environ.get("PLAYWRIGHT_NODEJS_PATH") or package)
