"""The one frozen Settings, read from the environment (``LINKSKIPPER_…``) once at start."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from linkskipper.errors import SettingsError

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _split(value: object) -> object:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


def _durations(value: object) -> object:
    waits = _split(value)
    if not isinstance(waits, list):
        return waits
    durations = [read_duration(item) for item in waits]
    if not durations or durations[0]:
        raise ValueError("needs waits such as 0,5s,5m,2h, the first of them 0")
    return durations


def read_duration(text: str) -> timedelta:
    """A duration such as 5s, 30m, 2h or 1d; raises ValueError for anything else."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS else (text, "s")
    if not number.isascii() or not number.isdigit():
        raise ValueError(f"{text!r} is no wait such as 5s, 30m, 2h or 1d")
    return timedelta(seconds=int(number) * UNITS[unit])


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Waits = Annotated[tuple[timedelta, ...], NoDecode, BeforeValidator(_durations)]
Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """Everything an operator can set; each field is ``LINKSKIPPER_`` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="LINKSKIPPER_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: Port = 8000
    public_url: str | None = Field(default=None, description="Address that clients use, if not host and port.")
    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("linkskipper"))
    database_url: str | None = Field(default=None, description="PostgreSQL URL; unset: the embedded server.")
    database_pool: int = Field(default=10, ge=4, description="Connections in the pool of one process, at most.")
    limits_url: str | None = Field(default=None, description="Valkey or Redis that API processes share limits in.")
    secret_key: SecretStr | None = Field(default=None, description="Hashes keys; unset: a file in data_dir.")

    lab: bool = False
    lab_port: Port = Field(default=8100, description="The lab's HTTP port; HTTPS is the one after it.")

    providers_dir: Path | None = Field(default=None, description="Provider files that add to the built-in ones.")
    egress_allow: CommaSeparated = Field(default=(), description="Addresses or CIDRs, each with optional port.")
    egress_ports: CommaSeparated = Field(default=("80", "443"), description="Ports that links may name.")
    host_map: CommaSeparated = Field(default=(), description="name[:port]=address[:port] pairs.")
    extra_ca: Path | None = Field(default=None, description="PEM file of a CA to trust besides the usual ones.")

    standard_concurrency: int = Field(default=300, ge=20, description="Standard links in flight per process.")
    premium_concurrency: int = Field(default=50, ge=20, description="Premium links in flight per process.")
    lease_seconds: Seconds = Field(default=30, description="A worker silent for so long has lost its jobs.")

    browser: Path | None = Field(default=None, description="A Chromium; unset: the one that is found.")
    browser_contexts: int = Field(default=16, ge=1, description="Links open in the browser at once, per process.")
    browser_memory: int = Field(default=2048, ge=256, description="MiB that the browser may take before it is killed.")

    new_account_credits: int = Field(default=100, ge=0)
    cache_days: float = Field(default=30, gt=0, description="How long a resolved link is answered from the cache.")
    removed_days: float = Field(default=1, gt=0, description="How long a removed link is answered with 410.")

    keep_days: float = Field(default=90, ge=30, description="How long ended jobs and idempotency keys are kept.")

    webhook_schedule: Waits = Field(
        default=tuple(map(read_duration, ("0s", "5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"))),
        description="Waits before each attempt to deliver a webhook; the first must be 0.",
    )
    webhook_timeout: Seconds = Field(default=15, description="How long a receiver of webhooks may take to answer.")
    webhook_per_host: int = Field(default=20, ge=1, description="Webhooks under way to one host, over all workers.")
    webhook_pause_days: float = Field(default=5, gt=0, description="A host that only failed for so long is paused.")
    webhook_keep_days: float = Field(default=30, gt=0, description="How long deliveries and their attempts are kept.")

    log_level: str = "info"
    log_json: bool = False


def load(**overrides: object) -> Settings:
    """Read the settings; overrides are those given on the command line.

    Raises:
        SettingsError: with every setting that is wrong, each with the reason.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(
            f"LINKSKIPPER_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors()
        )
        raise SettingsError(f"Settings: {wrong}") from None
