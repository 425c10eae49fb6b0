"""The options of a client: defaults, environment and validation."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Protocol, TypedDict

from linkskipper_sdk._core.secret import Secret
from linkskipper_sdk._version import __version__
from linkskipper_sdk.errors import ConfigurationError
from linkskipper_sdk.retry import RetryPolicy

if TYPE_CHECKING:
    import logging

API_KEY_VARIABLE = "LINKSKIPPER_API_KEY"
BASE_URL_VARIABLE = "LINKSKIPPER_BASE_URL"
WEBHOOK_SECRET_VARIABLE = "LINKSKIPPER_WEBHOOK_SECRET"  # noqa: S105  the name of a variable
# Never a host of strangers: a forgotten option must not send them a key.
DEFAULT_BASE_URL = "http://127.0.0.1:8000"
MAX_LONG_POLL = 60.0

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")
_KEY = re.compile(r"[\x21-\x7e]+")
_OWN_HEADERS = frozenset({"authorization", "content-length", "host", "content-type", "transfer-encoding"})


class Clock(Protocol):
    """A source of time. The module ``time`` is one."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    def time(self) -> float:
        """Return seconds since 1970."""


class AppInfo(TypedDict, total=False):
    """The application that uses this package, for the header ``User-Agent``."""

    name: str
    version: str
    url: str


class CallOptions(TypedDict, total=False):
    """The options of one call: they win over those of the client."""

    timeout: float
    retry: RetryPolicy
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The validated options of a client."""

    api_key: Secret
    base_url: str
    webhook_secrets: Sequence[Secret] = field(repr=False)
    timeout: float
    max_wait: float
    poll_interval: float
    long_poll: float
    retry: RetryPolicy
    headers: Mapping[str, str] = field(repr=False)
    clock: Clock = field(repr=False)
    random: Callable[[], float] = field(repr=False)
    logger: "logging.Logger" = field(repr=False)


def read_api_key(value: Secret | None) -> Secret:
    """Return the key of the option or the environment."""
    key = (Secret(os.environ.get(API_KEY_VARIABLE, "")) if value is None else value).stripped()
    if not key:
        raise ConfigurationError(f"The API key is missing: pass api_key or set {API_KEY_VARIABLE}.")
    if not _KEY.fullmatch(key.reveal()):
        raise ConfigurationError("The API key holds characters that no key has, such as a line break.")
    return key


def read_base_url(value: str | None) -> str:
    """Return the address of the service without a slash or ``/v1`` at its end."""
    from urllib.parse import urlsplit  # noqa: PLC0415  the package imports quickly

    url = str((os.environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL) if value is None else value).strip()
    if _NOT_IN_URLS.search(url):
        raise ConfigurationError("base_url must not hold blanks, backslashes or control characters.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError("base_url is not a URL.") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("base_url must not hold a user or a password.")
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigurationError(f"base_url must begin with http:// or https:// and name a host, not {url!r:.100}.")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ConfigurationError("base_url must not hold a query or a fragment.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/v1').rstrip('/')}"


def read_webhook_secrets(value: str | Secret | Iterable[str | Secret] | None) -> Sequence[Secret]:
    """Return the webhook secrets of the option or the environment. There may be none."""
    if value is None:
        value = os.environ.get(WEBHOOK_SECRET_VARIABLE) or ()
    if isinstance(value, str | Secret | bytes) or not isinstance(value, Iterable):
        value = (value,)
    return tuple(secret if isinstance(secret, Secret) else Secret(secret) for secret in value)


def read_seconds(name: str, value: float, *, minimum: float = 0.0, exclusive: bool = False) -> float:
    """Return a number of seconds that is in range."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ConfigurationError(f"{name} must be a number of seconds.")
    if value < minimum or (exclusive and value == minimum):
        raise ConfigurationError(f"{name} must be {'more than' if exclusive else 'at least'} {minimum:g} seconds.")
    return float(value)


def read_headers(*groups: Mapping[str, str] | None) -> dict[str, str]:
    """Join groups of headers. Later groups win. Those that this package sets itself are left out."""
    headers: dict[str, str] = {}
    for group in groups:
        for name, value in dict(group or {}).items():
            if not _HEADER_NAME.fullmatch(str(name)) or not _HEADER_VALUE.fullmatch(str(value)):
                raise ConfigurationError(f"The header {name!r:.60} has characters that no header can carry.")
            if str(name).lower() not in _OWN_HEADERS:
                headers[str(name).lower()] = str(value)
    return headers


def user_agent(app_info: AppInfo | None) -> str:
    """Return the value of ``User-Agent``."""
    from platform import python_version  # noqa: PLC0415  the package imports quickly

    agent = f"linkskipper-sdk-python/{__version__} python/{python_version()}"
    if not app_info:
        return agent
    if not isinstance(app_info, Mapping):
        raise ConfigurationError("app_info must be a mapping with name, version and url.")
    app = app_info.get("name", "")
    app += f"/{app_info['version']}" if "version" in app_info else ""
    return f"{agent} {app}" + (f" ({app_info['url']})" if "url" in app_info else "")
