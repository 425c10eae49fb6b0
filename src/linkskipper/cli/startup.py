"""The first steps of every command: read the settings, warn about unknown variables, configure the logs."""

import os

import structlog

from linkskipper import settings as settings_module
from linkskipper.cli import logs
from linkskipper.cli.output import note
from linkskipper.errors import SettingsError
from linkskipper.settings import Settings

log = structlog.get_logger()


def start(**options: object) -> Settings:
    """Read the settings, with the command's options over them.

    Raises:
        SettingsError: a setting is wrong.
    """
    unknown = settings_module.unknown_variables(os.environ)
    try:
        settings = settings_module.load(**options)
    except SettingsError:
        _warn(unknown, as_json=False)
        raise
    logs.configure(settings)
    _warn(unknown, as_json=settings.log_json)
    return settings


def _warn(sentences: list[str], *, as_json: bool) -> None:
    for sentence in sentences:
        if as_json:
            log.warning("settings.unknown_variable", note=sentence)
        else:
            note(f"Warning: {sentence}")
