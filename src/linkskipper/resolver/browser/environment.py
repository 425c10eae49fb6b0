"""The environment of the browser's driver, which Playwright builds from that of this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from playwright._impl import transport

from linkskipper.environment import allowed_environment
from linkskipper.errors import SettingsError

_is_restricted: ContextVar[bool] = ContextVar("is_restricted", default=False)


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
