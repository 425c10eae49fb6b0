"""Everything that an operator can set. `make reference` writes the tables of docs/reference/settings.md from here."""

from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from linkskipper.settings.values import (
    CommaSeparated,
    Days,
    LabelledLinks,
    LogLevel,
    Port,
    Schedule,
    Seconds,
    ServerUrl,
    WorkerCount,
    automatic_workers,
    collector_of_opentelemetry,
    headers_of_opentelemetry,
    proxies_of_uvicorn,
    read_duration,
)


def setting(meaning: str, *, default: Any, shown: str | None = None, **bounds: Any) -> Any:
    """Describe a setting: its meaning in Markdown, and its default or the function that makes it.

    `shown` is the default as the reference shows it, where the value itself would say nothing.
    """
    source = {"default_factory" if callable(default) else "default": default}
    return Field(**source, **bounds, description=meaning, json_schema_extra={"shown": shown} if shown else None)


class _Section(BaseModel):
    """Settings that the reference lists under one heading, which is the docstring of the class."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class AddressSettings(_Section):
    """Addresses."""

    host: str = setting("The address to listen on", default="127.0.0.1")
    port: Port = setting("The port to listen on", default=8000)
    public_url: str | None = setting(
        "The URL that clients use, if it differs. Problem documents link to it",
        default=None,
        shown="the address",
    )
    max_connections: int = setting(
        "Open connections of one process, and at most half of the files that it may open",
        default=10_000,
        ge=10,
    )
    max_connections_per_address: int = setting(
        "Open connections of one IPv4 address or IPv6 /64, and at most half of all. Trusted proxies have no such limit",
        default=2_000,
        ge=5,
    )
    trusted_proxies: CommaSeparated = setting(
        "Addresses or CIDR ranges of reverse proxies. The address that they add to `X-Forwarded-For` counts "
        "as the client's. Without them it is ignored",
        default=proxies_of_uvicorn,
        shown="`FORWARDED_ALLOW_IPS`",
    )
    monitor_port: Port | None = setting(
        "A port for `/healthz`, `/readyz` and `/metrics` alone. The port of the API then has only the first. "
        "`linkskipper worker` has them only here",
        default=None,
        shown="the port of the API",
    )
    monitor_host: str = setting("The address to listen on for `LINKSKIPPER_MONITOR_PORT`", default="127.0.0.1")
    dashboard_hosts: CommaSeparated = setting(
        "More host names for the [dashboard](../guides/dashboard.md#publish-it), each with an optional port",
        default=(),
    )


class DataSettings(_Section):
    """Data."""

    data_dir: Path = setting(
        "The directory of the embedded database and the secret key",
        default=lambda: platformdirs.user_data_path("linkskipper"),
        shown="the user's data folder",
    )
    database_url: ServerUrl | None = setting(
        "The URL of a PostgreSQL server. Without it the embedded server runs", default=None
    )
    database_direct_url: ServerUrl | None = setting(
        "The URL of the same database past [PgBouncer](../guides/run-on-many-machines.md#use-pgbouncer), if "
        "`LINKSKIPPER_DATABASE_URL` leads through it",
        default=None,
    )
    database_pool: int = setting(
        "Connections in the pool of one process, at least 4. A process has up to 4 more for listening and for"
        " the queues",
        default=10,
        ge=4,
    )
    limits_url: ServerUrl | None = setting(
        "A Valkey or Redis server (`valkey://host:6379`) in which API processes share the limits per minute",
        default=None,
    )
    secret_key: SecretStr | None = setting(
        "At least 32 random characters. It hashes keys and encrypts webhook secrets",
        default=None,
        shown="a file in the data directory",
    )
    backup_passphrase: SecretStr | None = setting(
        "At least 8 characters. It encrypts the file of `linkskipper backup`, and `restore` needs it",
        default=None,
        shown="asked for",
        min_length=8,
    )
    request_log_days: float = setting(
        "Days that [API requests](../guides/dashboard.md#pages) are kept in the log of requests. A day (UTC) is "
        "deleted as a whole, up to a day later. 0 turns the log off",
        default=7,
        ge=0,
    )
    keep_days: float = setting(
        "Days that ended jobs and idempotency keys are kept, at least 30. The ledger is kept without limit",
        default=90,
        ge=30,
    )


class LabSettings(_Section):
    """Lab."""

    lab: bool = setting("Run the lab too", default=False)
    lab_port: Port = setting("The HTTP port of the lab. Its HTTPS port is the next one", default=8100)


class ProviderSettings(_Section):
    """Providers."""

    providers_dir: Path | None = setting("A directory with [provider files](provider-files.md)", default=None)


class EgressSettings(_Section):
    """Egress."""

    egress_allow: CommaSeparated = setting(
        "Addresses or CIDR ranges, each with an optional port, that may be reached although they are not "
        "public. [Loopback and metadata services](../explanation/egress-guard.md#opening-the-guard) need a "
        "rule of their own",
        default=(),
    )
    egress_deny: CommaSeparated = setting(
        "Addresses or CIDR ranges that links and webhooks never reach, even if another setting opens them",
        default=(),
    )
    egress_ports: CommaSeparated = setting("Ports that links may name", default=("80", "443"))
    host_map: CommaSeparated = setting("`name[:port]=address[:port]`: opens one address for one name", default=())
    extra_ca: Path | None = setting(
        "A PEM file with one more certificate authority. It counts for mapped names and for addresses that "
        "are opened, not for others",
        default=None,
    )
    refusal_keep_days: Days = setting("Days that a refused host is kept after its last refusal", default=30)


class WorkerSettings(_Section):
    """Workers."""

    workers: WorkerCount = setting(
        "Worker processes of `linkskipper serve`. `auto` is the number of cores minus one, but at least 1. "
        "`0` runs everything in one process",
        default=automatic_workers,
        shown="`auto`",
    )
    standard_concurrency: int = setting(
        "Standard links at the same time in one worker process, at least 20",
        default=300,
        ge=20,
    )
    premium_concurrency: int = setting(
        "Premium links at the same time in one worker process, at least 20", default=50, ge=20
    )
    lease_seconds: Seconds = setting("Seconds without a heartbeat before another worker takes the jobs", default=30)


class BrowserSettings(_Section):
    """Browser."""

    browser: Path | None = setting("The path of a Chromium", default=None, shown="the one that is found")
    browser_contexts: int = setting(
        "Links in the browser at the same time in one worker process, about 40 MB each",
        default=16,
        ge=1,
    )
    browser_memory: int = setting(
        "MiB that the browsers of one worker process may use together. Above it the largest one is killed",
        default=2048,
        ge=256,
    )
    browser_sandbox: bool = setting(
        "Whether Chromium must run [in its sandbox](../guides/browser.md#sandbox). `false` allows it to run without",
        default=True,
    )


class CreditSettings(_Section):
    """Credits and cache."""

    new_account_credits: int = setting("The grant of a new account", default=100, ge=0)
    topup_links: LabelledLinks = setting(
        "Where accounts buy credits, as `label=https://…`, shown under Credits. `{account}` in the address "
        "becomes the id of the account",
        default=(),
    )
    cache_days: Days = setting("Days that a resolved link is answered from the cache", default=30)
    removed_days: Days = setting("Days that a removed link is answered with 410", default=1)


class WebhookSettings(_Section):
    """Webhook delivery."""

    webhook_schedule: Schedule = setting(
        "The delay before each attempt. Each varies at random by up to a fifth",
        default=tuple(map(read_duration, ("0s", "5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"))),
        shown="`0,5s,5m,30m,2h,5h,10h,14h,20h,24h`",
    )
    webhook_timeout: Seconds = setting("Seconds in which a receiver must respond", default=15)
    webhook_per_host: int = setting("Attempts at the same time to one host, over all workers", default=20, ge=1)
    webhook_pause_days: Days = setting("A host whose attempts failed for this number of days is paused", default=5)
    webhook_egress_allow: CommaSeparated = setting(
        "Addresses or CIDR ranges, each with an optional port, that webhooks may reach although they are not public",
        default=(),
    )
    webhook_host_map: CommaSeparated = setting(
        "`name[:port]=address[:port]` pairs for the receivers of webhooks", default=()
    )
    webhook_keep_days: Days = setting(
        "Days that deliveries and their attempts are kept. Pending ones are also deleted if their host is paused. The "
        "attempts of a week are deleted together, up to a week later, and nobody sees them meanwhile",
        default=30,
    )


class LogSettings(_Section):
    """Logs."""

    log_level: LogLevel = setting("`debug`, `info`, `warning` or `error`", default="info")
    log_json: bool = setting("Write each log line as JSON", default=False)
    log_requests: bool = setting(
        "Write a [log line](log-events.md) for each request of the API and for each job that ends", default=False
    )


class TraceSettings(_Section):
    """Traces."""

    otlp_endpoint: str | None = setting(
        "The address of a collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces`",
        default=collector_of_opentelemetry,
        shown="`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or `OTEL_EXPORTER_OTLP_ENDPOINT` with `/v1/traces`",
    )
    otlp_headers: CommaSeparated = setting(
        "`name=value` pairs for the requests to the collector",
        default=headers_of_opentelemetry,
        shown="`OTEL_EXPORTER_OTLP_HEADERS`",
    )


class Settings(
    TraceSettings,
    LogSettings,
    WebhookSettings,
    CreditSettings,
    BrowserSettings,
    WorkerSettings,
    EgressSettings,
    ProviderSettings,
    LabSettings,
    DataSettings,
    AddressSettings,
):
    """All settings. The variable of a field is `LINKSKIPPER_` and its name in capitals."""
