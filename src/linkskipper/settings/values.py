"""The kinds of values that settings have, and how they are read from text."""

import logging
import os
import re
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

MAX_DIGITS = 9  # timedelta holds as many digits of days
_SERVER = re.compile(r"(?:\[[0-9A-Fa-f:.]*(?:%[^\[\]]*)?\]|[^:\[\]]*)(?::[0-9]*)?")  # host and port
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _split(value: object) -> object:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    if isinstance(value, dict | date) or (isinstance(value, list) and not all(isinstance(item, str) for item in value)):
        raise ValueError("must be a list of texts")
    return value


def _parse_schedule(value: object) -> object:
    waits = _split(value)
    if not isinstance(waits, list):
        return waits
    durations = [read_duration(item) for item in waits]
    if not durations or durations[0]:
        raise ValueError("must be durations such as 0,5s,5m,2h, and the first must be 0")
    return durations


def automatic_workers() -> int:
    """Return the number of cores that this process may use, less one for the API, and at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - 1)


def proxies_of_uvicorn() -> tuple[str, ...]:
    """Return the proxies of the variable that versions before 0.3 documented."""
    items = os.environ.get("FORWARDED_ALLOW_IPS", "").split(",")
    return tuple(item.strip() for item in items if item.strip())


def collector_of_opentelemetry() -> str | None:
    """Return the address of the collector by the variables that OpenTelemetry defines."""
    if own := os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        return own
    base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return f"{base.rstrip('/')}/v1/traces" if base else None


def headers_of_opentelemetry() -> tuple[str, ...]:
    """Return the headers for the collector by the variable that OpenTelemetry defines."""
    items = os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "").split(",")
    return tuple(unquote(item.strip()) for item in items if item.strip())


def _parse_workers(value: object) -> object:
    if value == "auto":
        return automatic_workers()
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


def _check_server_url(value: str) -> str:
    """Refuse a URL whose password is not encoded. A part of it counts as the port, which error messages repeat."""
    try:
        servers = urlsplit(value).netloc.rpartition("@")[2].split(",")
    except ValueError:
        servers = ["["]
    if not all(map(_SERVER.fullmatch, servers)):
        raise ValueError("is not a URL: write / ? # [ and ] in a password as %2F %3F %23 %5B and %5D")
    return value


CommaSeparated = Annotated[tuple[str, ...], BeforeValidator(_split)]
Schedule = Annotated[tuple[timedelta, ...], BeforeValidator(_parse_schedule)]
LabelledLinks = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_parse_links)]
WorkerCount = Annotated[int, Field(ge=0), BeforeValidator(_parse_workers)]
LogLevel = Annotated[str, AfterValidator(_check_log_level)]
ServerUrl = Annotated[str, AfterValidator(_check_server_url)]
Seconds = Annotated[float, Field(gt=0)]
Days = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]
