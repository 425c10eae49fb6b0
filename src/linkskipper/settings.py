"""The settings of a process, read once from the environment (`LINKSKIPPER_…`) and then frozen."""

import logging
import os
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from linkskipper.errors import SettingsError

PREFIX = "LINKSKIPPER_"
OTHER_VARIABLES = frozenset({"API_KEY", "BASE_URL", "KEY", "TEST_SERVER_URL", "WEBHOOK_SECRET"})
"""Variables with the prefix that clients of the service and its tests read."""

SECRETS = ("BACKUP_PASSPHRASE", "DATABASE_URL", "LIMITS_URL", "SECRET_KEY")
"""The settings that hold a password or a key. Each may stand in a file, which its variable with `_FILE` names."""

MAX_DIGITS = 9  # timedelta holds as many digits of days
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _split(value: object) -> object:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


def _parse_schedule(value: object) -> object:
    waits = _split(value)
    if not isinstance(waits, list):
        return waits
    durations = [read_duration(item) for item in waits]
    if not durations or durations[0]:
        raise ValueError("must be durations such as 0,5s,5m,2h, and the first must be 0")
    return durations


def _automatic_workers() -> int:
    """Return the number of cores that this process may use, less one for the API, and at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - 1)


def _proxies_of_uvicorn() -> tuple[str, ...]:
    """Return the proxies of the variable that versions before 0.3 documented."""
    items = os.environ.get("FORWARDED_ALLOW_IPS", "").split(",")
    return tuple(item.strip() for item in items if item.strip())


def _parse_workers(value: object) -> object:
    if value == "auto":
        return _automatic_workers()
    if isinstance(value, str) and not value.isdecimal():
        raise ValueError("must be auto or a number of processes")
    return value


def _check_log_level(value: str) -> str:
    levels = logging.getLevelNamesMapping()
    if value.upper() not in levels:
        raise ValueError(f"must be one of {', '.join(level.lower() for level in levels)}")
    return value


def read_duration(text: str) -> timedelta:
    """Parse a duration such as 5s, 30m, 2h or 1d. A number without a unit is in seconds.

    Raises:
        ValueError: the text is not a duration.
    """
    number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS else (text, "s")
    if not number.isascii() or not number.isdigit() or len(number) > MAX_DIGITS:
        raise ValueError(f"{text!r} is not a duration such as 5s, 30m, 2h or 1d")
    return timedelta(seconds=int(number) * UNITS[unit])


def _parse_links(value: object) -> object:
    links = _split(value)
    if not isinstance(links, list):
        return links
    pairs = [tuple(part.strip() for part in link.partition("=")[::2]) for link in links]
    if not all(label and url.startswith("https://") for label, url in pairs):
        raise ValueError("must be pairs such as Buy credits=https://shop.example/{account}")
    return pairs


CommaSeparated = Annotated[tuple[str, ...], BeforeValidator(_split)]
Schedule = Annotated[tuple[timedelta, ...], BeforeValidator(_parse_schedule)]
LabelledLinks = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_parse_links)]
WorkerCount = Annotated[int, Field(ge=0), BeforeValidator(_parse_workers)]
LogLevel = Annotated[str, AfterValidator(_check_log_level)]
Seconds = Annotated[float, Field(gt=0)]
Days = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseModel):
    """Everything that an operator can set. The variable of a field is `LINKSKIPPER_` and its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: Port = 8000
    public_url: str | None = Field(default=None, description="URL that clients use. Default: host and port.")
    max_connections: int = Field(default=10_000, ge=10, description="Open connections per process.")
    max_connections_per_address: int = Field(default=2_000, ge=5, description="Open connections of one address.")
    trusted_proxies: CommaSeparated = Field(
        default_factory=_proxies_of_uvicorn, description="Proxies whose X-Forwarded-For is trusted."
    )
    monitor_host: str = "127.0.0.1"
    monitor_port: Port | None = Field(default=None, description="Port of /metrics and /readyz alone.")
    dashboard_hosts: CommaSeparated = Field(
        default=(), description="More host names for the dashboard, each with an optional port."
    )
    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("linkskipper"))
    database_url: str | None = Field(default=None, description="PostgreSQL URL. Default: the embedded server.")
    database_pool: int = Field(default=10, ge=4, description="Maximum connections in the pool of one process.")
    limits_url: str | None = Field(default=None, description="Valkey or Redis URL, to share limits between processes.")
    secret_key: SecretStr | None = Field(default=None, description="The service's secret. Default: a file in data_dir.")
    backup_passphrase: SecretStr | None = Field(
        default=None, min_length=8, description="Passphrase of `backup` and `restore`."
    )

    lab: bool = False
    lab_port: Port = Field(default=8100, description="HTTP port of the lab. HTTPS uses the next port.")

    providers_dir: Path | None = Field(default=None, description="Directory of your own provider files.")
    egress_allow: CommaSeparated = Field(default=(), description="Addresses or CIDRs, each with an optional port.")
    egress_deny: CommaSeparated = Field(default=(), description="Addresses or CIDRs that no setting can open.")
    egress_ports: CommaSeparated = Field(default=("80", "443"), description="Ports that links may name.")
    host_map: CommaSeparated = Field(default=(), description="name[:port]=address[:port] pairs.")
    extra_ca: Path | None = Field(default=None, description="PEM file of an additional CA to trust.")

    workers: WorkerCount = Field(
        default_factory=_automatic_workers,
        description="Worker processes of serve. Default: the cores minus one. 0 works in the process of the API.",
    )
    standard_concurrency: int = Field(default=300, ge=20, description="Standard links in progress per process.")
    premium_concurrency: int = Field(default=50, ge=20, description="Premium links in progress per process.")
    lease_seconds: Seconds = Field(
        default=30, description="Seconds without a heartbeat before another worker takes the jobs."
    )

    browser: Path | None = Field(default=None, description="Chromium executable. Default: the first one found.")
    browser_contexts: int = Field(default=16, ge=1, description="Links open in browsers per process.")
    browser_memory: int = Field(default=2048, ge=256, description="MiB that the browsers of a process may use.")
    browser_sandbox: bool = Field(default=True, description="Whether Chromium must run in its sandbox.")

    new_account_credits: int = Field(default=100, ge=0)
    topup_links: LabelledLinks = Field(default=(), description="Label=URL pairs where accounts buy credits.")
    cache_days: Days = Field(default=30, description="Days for which a resolved link is answered from the cache.")
    removed_days: Days = Field(default=1, description="Days for which a removed link is answered with 410.")

    keep_days: float = Field(default=90, ge=30, description="Days for which ended jobs and idempotency keys are kept.")

    request_log_days: float = Field(default=7, ge=0, description="Days for which API requests are logged. 0: none.")

    webhook_schedule: Schedule = Field(
        default=tuple(map(read_duration, ("0s", "5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"))),
        description="Waits before each attempt to deliver a webhook. The first must be 0.",
    )
    webhook_timeout: Seconds = Field(default=15, description="Seconds that a receiver of webhooks has to respond.")
    webhook_per_host: int = Field(default=20, ge=1, description="Webhooks in progress to one host, over all workers.")
    webhook_pause_days: Days = Field(default=5, description="Days without a success after which a host is paused.")
    webhook_egress_allow: CommaSeparated = Field(
        default=(), description="Addresses or CIDRs that webhooks may reach, each with an optional port."
    )
    webhook_host_map: CommaSeparated = Field(default=(), description="name[:port]=address[:port] pairs for webhooks.")
    webhook_keep_days: Days = Field(default=30, description="Days for which deliveries and their attempts are kept.")

    refusal_keep_days: Days = Field(default=30, description="Days for which refused connections are kept.")

    log_level: LogLevel = "info"
    log_json: bool = False


def load(**overrides: object) -> Settings:
    """Read the settings. Overrides come from the command line, and None means not given.

    Raises:
        SettingsError: one line for each wrong setting, with the reason.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    variables = _variables(os.environ)
    problems = _read_secret_files(variables)
    try:
        settings = Settings.model_validate(variables | given)
    except ValidationError as error:
        problems += [f"{_source(details, given)}: {_reason(details)}." for details in error.errors(include_url=False)]
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _variables(environment: Mapping[str, str]) -> dict[str, object]:
    """Return the variables with our prefix by the names of their fields."""
    names = {name: name.upper() for name in environment}
    return {
        upper.removeprefix(PREFIX).lower(): environment[name]
        for name, upper in names.items()
        if upper.startswith(PREFIX)
    }


def _read_secret_files(variables: dict[str, object]) -> list[str]:
    """Replace the name of each file with a secret by its content. Return a sentence for each that cannot be read."""
    problems = []
    for secret in SECRETS:
        file = variables.pop(f"{secret.lower()}_file", None)
        if file is None:
            continue
        if secret.lower() in variables:
            problems.append(f"{PREFIX}{secret}_FILE: cannot be set together with {PREFIX}{secret}.")
            continue
        try:
            variables[secret.lower()] = Path(str(file)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            problems.append(f"{PREFIX}{secret}_FILE: the file cannot be read ({reason}).")
    return problems


def forget_secrets(environment: MutableMapping[str, str]) -> None:
    """Remove secrets from the environment once they are read, so that programs that are started do not inherit them."""
    for name in list(environment):
        if name.upper().removeprefix(PREFIX) in SECRETS and name.upper().startswith(PREFIX):
            del environment[name]


def unknown_variables(names: Iterable[str]) -> list[str]:
    """Return a sentence for each environment variable with our prefix that is not a setting."""
    known = {field.upper() for field in Settings.model_fields} | OTHER_VARIABLES | {f"{name}_FILE" for name in SECRETS}
    unknown = sorted(name for name in names if name.upper().startswith(PREFIX))
    return [_suggestion(name, known) for name in unknown if name.upper().removeprefix(PREFIX) not in known]


def _suggestion(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - few commands find a variable that is unknown

    close = get_close_matches(name.upper().removeprefix(PREFIX), known, n=1)
    return f"{name} is not a setting.{f' Did you mean {PREFIX}{close[0]}?' if close else ''}"


_REASONS = {
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "value_error": "{error}",
}


def _source(details: ErrorDetails, given: Mapping[str, object]) -> str:
    """Return the option or the variable that a wrong value comes from."""
    field = str(details["loc"][0])
    return f"--{field.replace('_', '-')}" if field in given else PREFIX + field.upper()


def _reason(details: ErrorDetails) -> str:
    """Say what is wrong without the value, which may be a secret."""
    template = _REASONS.get(details["type"])
    context: dict[str, Any] = details.get("ctx", {})
    return details["msg"] if template is None else template.format(**context)
