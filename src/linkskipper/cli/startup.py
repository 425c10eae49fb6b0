"""The first steps of every command: read the settings, warn about unknown variables, configure the logs."""

import os

from linkskipper import settings as settings_module
from linkskipper.cli import logs
from linkskipper.cli.output import note
from linkskipper.errors import SettingsError
from linkskipper.logs import LibraryLogger
from linkskipper.settings import Settings

_log = LibraryLogger(__name__)


def start(*, library_only: bool = False, **options: object) -> Settings:
    """Read the settings, with the command's options over them.

    With `library_only`, the command uses only rooms that work as a library too.

    Raises:
        SettingsError: a setting is wrong.
    """
    unknown = settings_module.unknown_variables(os.environ)
    try:
        settings = settings_module.load(**options)
    except SettingsError:
        _warn(unknown, as_json=False)
        raise
    settings_module.forget_secrets(os.environ)
    (logs.configure_library if library_only else logs.configure)(settings)
    _warn(unknown, as_json=settings.log_json)
    return settings


def warn_of_unsafe(settings: Settings) -> None:
    """Log each setting that is unsafe in production."""
    for sentence in settings_module.unsafe_settings(settings):
        _log.warning("settings.unsafe", note=sentence)


def _warn(sentences: list[str], *, as_json: bool) -> None:
    for sentence in sentences:
        if as_json:
            _log.warning("settings.unknown_variable", note=sentence)
        else:
            note(f"Warning: {sentence}")
