"""Read the TOML file that may hold settings."""

import tomllib
from pathlib import Path

from linkskipper.errors import SettingsError


def read_config_file(path: Path) -> dict[str, object]:
    """Return the settings of a file by their names, each as its environment variable would hold it, or as a list.

    Raises:
        SettingsError: the file cannot be read. The message continues a sentence that begins with its name.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SettingsError("cannot be read (it is not UTF-8)") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"is not TOML ({error})") from None
    return {name: _as_text(value) for name, value in content.items()}


def _as_text(value: object) -> object:
    """Return a value as the text of a variable. Lists stay lists, so that their items may contain commas."""
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value
