"""The settings of a process, read once and then frozen."""

from linkskipper.settings.fields import Settings
from linkskipper.settings.loading import PREFIX, SECRETS, forget_secrets, load, unknown_variables
from linkskipper.settings.unsafe import unsafe_settings
from linkskipper.settings.values import read_duration

__all__ = [
    "PREFIX",
    "SECRETS",
    "Settings",
    "forget_secrets",
    "load",
    "read_duration",
    "unknown_variables",
    "unsafe_settings",
]
