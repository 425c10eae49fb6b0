"""How the driver of the browser is started: with an allow-list of variables, never as root, and with short messages.

The driver starts the browser, which inherits both. Neither of them holds the service's secrets.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pwd import struct_passwd
from typing import Any, NamedTuple

from playwright._impl import transport

from linkskipper.environment import allowed_environment
from linkskipper.errors import SettingsError
from linkskipper.resolver.browser import as_user
from linkskipper.resolver.browser.driver_messages import BoundedMessages


class DriverStart(NamedTuple):
    """How one driver is started.

    Attributes:
        home: The folder of all its files.
        user: Its user, or None for that of this process.
        memory: The bytes that it, and each process of its browser, may ask the system for.
    """

    home: str
    user: struct_passwd | None
    memory: int

    def environment(self, original: dict[str, str], command: tuple[str, str]) -> dict[str, str]:
        """Return the variables of the driver, which `command` runs."""
        variables = {**allowed_environment(original), "HOME": self.home, "TMPDIR": self.home}
        identity = ("", "") if self.user is None else (str(self.user.pw_uid), str(self.user.pw_gid))
        variables |= zip(as_user.VARIABLES, (str(self.memory), *identity, *command), strict=True)
        return variables

    def command(self) -> tuple[str, str]:
        """Return the program that becomes the driver, and its script."""
        return sys.executable, as_user.__file__


_start: ContextVar[DriverStart | None] = ContextVar("driver_start", default=None)


@contextmanager
def restricted_driver(start: DriverStart) -> Iterator[None]:
    """Start Playwright's driver in this way. Tasks that begin in this context are affected.

    Playwright has no option for this, so the functions that choose its environment and program, and the one that reads
    its messages, are replaced. Other
    users of Playwright in this process keep the originals.

    Raises:
        SettingsError: This version of Playwright makes these choices elsewhere.
    """
    _replace_choices(transport)
    token = _start.set(start)
    try:
        yield
    finally:
        _start.reset(token)


def _replace_choices(module: Any) -> None:
    get_environment = getattr(module, "get_driver_env", None)
    get_command = getattr(module, "compute_driver_executable", None)
    read_messages = getattr(getattr(module, "PipeTransport", None), "run", None)
    if get_environment is None or get_command is None or read_messages is None:
        raise SettingsError("this version of Playwright is not supported: it starts its driver in another way")
    if getattr(get_environment, "is_restricting", False):
        return

    def get_driver_env() -> dict[str, str]:
        start, environment = _start.get(), get_environment()
        return environment if start is None else start.environment(environment, get_command())

    def compute_driver_executable() -> tuple[str, str]:
        start = _start.get()
        return get_command() if start is None else start.command()

    async def run(self: Any) -> None:
        if _start.get() is not None:
            self._proc.stdout = BoundedMessages(self._proc)
        await read_messages(self)

    module.PipeTransport.run = run
    get_driver_env.is_restricting = True  # type: ignore[attr-defined]
    module.get_driver_env, module.compute_driver_executable = get_driver_env, compute_driver_executable
