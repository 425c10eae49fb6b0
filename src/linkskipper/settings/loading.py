"""Read the settings of a process once: from its options, its environment, and its file."""

import os
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from linkskipper.errors import SettingsError
from linkskipper.settings.config_file import read_config_file
from linkskipper.settings.fields import Settings

PREFIX = "LINKSKIPPER_"
CONFIG = "config"
"""The variable LINKSKIPPER_CONFIG names a TOML file with settings."""

OTHER_VARIABLES = frozenset({"API_KEY", "BASE_URL", "KEY", "TEST_SERVER_URL", "WEBHOOK_SECRET"})
"""Variables with the prefix that clients of the service and its tests read."""

SECRETS = ("BACKUP_PASSPHRASE", "DATABASE_DIRECT_URL", "DATABASE_URL", "LIMITS_URL", "OTLP_HEADERS", "SECRET_KEY")
"""The settings that hold a password or a key. Each may stand in a file, which its name with `_FILE` names."""

FOREIGN_SECRETS = frozenset({"OTEL_EXPORTER_OTLP_HEADERS"})
"""Variables of others that are settings by default, and hold a password or a key."""

_NAMES = frozenset(Settings.model_fields) | {f"{secret.lower()}_file" for secret in SECRETS}


class _Source(NamedTuple):
    """Where settings come from: their values by field, and how a message names a field of it."""

    values: dict[str, object]
    name: Callable[[str], str]


def load(**overrides: object) -> Settings:
    """Read the settings. Overrides come from the command line, and None means not given.

    An option goes before a variable, and a variable before the file that LINKSKIPPER_CONFIG names.

    Raises:
        SettingsError: one line for each wrong setting, with the reason.
    """
    problems: list[str] = []
    options = _Source(_given(overrides), lambda field: f"--{field.replace('_', '-')}")
    environment = _Source(_variables(os.environ), lambda field: PREFIX + field.upper())
    file = _read_file(environment.values.pop(CONFIG, None), problems)
    for source in (environment, file):
        problems += _read_secret_files(source)
    sources = (options, environment, file)
    try:
        settings = Settings.model_validate(file.values | environment.values | options.values)
    except ValidationError as error:
        problems += [_sentence(details, sources) for details in error.errors(include_url=False)]
    else:
        if settings.database_direct_url is not None and settings.database_url is None:
            problems.append(f"{PREFIX}DATABASE_DIRECT_URL: needs {PREFIX}DATABASE_URL, which leads through PgBouncer.")
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _given(overrides: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in overrides.items() if value is not None}


def _variables(environment: Mapping[str, str]) -> dict[str, object]:
    """Return the variables with our prefix by the names of their fields."""
    names = {name: name.upper() for name in environment}
    return {
        upper.removeprefix(PREFIX).lower(): environment[name]
        for name, upper in names.items()
        if upper.startswith(PREFIX)
    }


def _read_file(path: object, problems: list[str]) -> _Source:
    """Return the settings of the file, and add a sentence for each thing that is wrong with it."""
    if path is None:
        return _Source({}, str)
    try:
        values = read_config_file(Path(str(path)))
    except SettingsError as error:
        problems.append(f"{PREFIX}{CONFIG.upper()}: {path} {error}.")
        values = {}
    unknown = sorted(name for name in values if name not in _NAMES)
    problems += [f"{path}: {_suggestion(name, name, _NAMES)}" for name in unknown]
    return _Source({name: values[name] for name in values if name in _NAMES}, lambda field: f"{path}: {field}")


def _read_secret_files(source: _Source) -> list[str]:
    """Replace the name of each file with a secret by its content. Return a sentence for each that cannot be read."""
    problems = []
    for secret in map(str.lower, SECRETS):
        file = source.values.pop(f"{secret}_file", None)
        if file is None:
            continue
        name = source.name(f"{secret}_file")
        if secret in source.values:
            problems.append(f"{name}: cannot be set together with {source.name(secret)}.")
            continue
        try:
            source.values[secret] = Path(str(file)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            problems.append(f"{name}: the file cannot be read ({reason}).")
    return problems


def forget_secrets(environment: MutableMapping[str, str]) -> None:
    """Remove secrets from the environment once they are read, so that programs that are started do not inherit them."""
    for name in list(environment):
        is_ours = name.upper().startswith(PREFIX) and name.upper().removeprefix(PREFIX) in SECRETS
        if is_ours or name in FOREIGN_SECRETS:
            del environment[name]


def unknown_variables(names: Iterable[str]) -> list[str]:
    """Return a sentence for each environment variable with our prefix that is not a setting."""
    known = {name.upper() for name in _NAMES | {CONFIG}} | OTHER_VARIABLES
    ours = sorted(name for name in names if name.upper().startswith(PREFIX))
    return [
        _suggestion(name, bare, known, prefix=PREFIX)
        for name in ours
        if (bare := name.upper().removeprefix(PREFIX)) not in known
    ]


def _suggestion(written: str, name: str, known: Iterable[str], *, prefix: str = "") -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - few commands find a name that is unknown

    close = get_close_matches(name, known, n=1)
    return f"{written} is not a setting.{f' Did you mean {prefix}{close[0]}?' if close else ''}"


_REASONS = {
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "string_too_short": "must have at least {min_length} characters",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "value_error": "{error}",
}


def _sentence(details: ErrorDetails, sources: Iterable[_Source]) -> str:
    """Say which option, variable or line of the file is wrong, and why."""
    field = str(details["loc"][0])
    source = next(source for source in sources if field in source.values)
    return f"{source.name(field)}: {_reason(details)}."


def _reason(details: ErrorDetails) -> str:
    """Say what is wrong without the value, which may be a secret."""
    template = _REASONS.get(details["type"])
    context: dict[str, Any] = details.get("ctx", {})
    return details["msg"] if template is None else template.format(**context)
