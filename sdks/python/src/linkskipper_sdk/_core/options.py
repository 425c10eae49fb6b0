"""The options of both clients, with hidden secrets."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from linkskipper_sdk._core.config import (
    AppInfo,
    Clock,
    Config,
    read_api_key,
    read_base_url,
    read_headers,
    read_seconds,
    read_webhook_secrets,
    user_agent,
)
from linkskipper_sdk._core.secret import Secret
from linkskipper_sdk.errors import ConfigurationError
from linkskipper_sdk.retry import RetryPolicy

if TYPE_CHECKING:
    import logging

    import httpx2


class CommonOptions(TypedDict, total=False):
    """The options of both clients. All durations are seconds.

    Attributes:
        base_url: The address of the service. Default: ``LINKSKIPPER_BASE_URL``, or else ``http://127.0.0.1:8000``.
        webhook_secret: One secret or several. Default: ``LINKSKIPPER_WEBHOOK_SECRET``.
        timeout: For one attempt, from connecting to the last byte (30). A held answer has its wait on top.
        max_wait: For a whole wait: requests, retries and sleeps together (120).
        poll_interval: Between two polls, where the server does not hold answers (2).
        long_poll: How long the server is asked to hold an answer (25). 0 turns long polls off.
        retry: When failed exchanges are tried again.
        headers: Sent with every request.
        user_agent: Replaces the whole ``User-Agent``.
        app_info: Names the application in the ``User-Agent``: ``name``, ``version``, ``url``.
        logger: Gets a line per exchange at the level DEBUG. Default: the logger ``linkskipper_sdk``.
        clock: Something like the module ``time``, for tests.
        random: Returns numbers from 0 to 1, for tests.
    """

    base_url: str | None
    webhook_secret: str | Sequence[str] | None
    timeout: float
    max_wait: float
    poll_interval: float
    long_poll: float
    retry: RetryPolicy
    headers: Mapping[str, str]
    user_agent: str
    app_info: AppInfo
    logger: "logging.Logger"
    clock: Clock
    random: Callable[[], float]


class SyncOptions(CommonOptions, total=False):
    """The options of ``LinkSkipper``.

    Attributes:
        http_client: Sends the requests instead of a client of its own. It is not closed.
        sleeper: Sleeps, for tests.
    """

    http_client: "httpx2.Client"
    sleeper: Callable[[float], object]


class AsyncOptions(CommonOptions, total=False):
    """The options of ``AsyncLinkSkipper``.

    Attributes:
        http_client: Sends the requests instead of a client of its own. It is not closed.
        sleeper: Sleeps, for tests.
    """

    http_client: "httpx2.AsyncClient"
    sleeper: Callable[[float], Awaitable[object]]


def hide_secrets(api_key: Any, options: Any) -> dict[str, Any]:
    """Return options with their secrets hidden, and hide those that were handed in too.

    A traceback with locals shows the frames of the constructor, if an option is wrong.
    """
    options["api_key"] = api_key
    if not isinstance(api_key, Secret | None):
        options["api_key"] = Secret(api_key)
    if options.get("webhook_secret") is not None:
        options["webhook_secret"] = read_webhook_secrets(options["webhook_secret"])
    return dict(options)


def configure(options: Mapping[str, Any]) -> Config:
    """Validate options and fill in what is missing.

    Raises:
        ConfigurationError: an option is unknown, missing or wrong.
    """
    unknown = options.keys() - SyncOptions.__annotations__.keys() - {"api_key"}
    if unknown:
        raise ConfigurationError(f"Unknown option: {', '.join(sorted(unknown))}.")
    retry = options.get("retry") or RetryPolicy()
    if not isinstance(retry, RetryPolicy):
        raise ConfigurationError("retry must be a RetryPolicy.")
    agent = options.get("user_agent") or user_agent(options.get("app_info"))
    return Config(
        api_key=read_api_key(options.get("api_key")),
        base_url=read_base_url(options.get("base_url")),
        webhook_secrets=read_webhook_secrets(options.get("webhook_secret")),
        timeout=read_seconds("timeout", options.get("timeout", 30.0), exclusive=True),
        max_wait=read_seconds("max_wait", options.get("max_wait", 120.0), exclusive=True),
        poll_interval=read_seconds("poll_interval", options.get("poll_interval", 2.0)),
        long_poll=read_seconds("long_poll", options.get("long_poll", 25.0)),
        retry=retry,
        headers=read_headers({"accept": "application/json", "user-agent": agent}, options.get("headers")),
        clock=options.get("clock") or _default_clock(),
        random=options.get("random") or _default_random(),
        logger=options.get("logger") or _default_logger(),
    )


def _default_clock() -> Clock:
    import time  # noqa: PLC0415  the package imports quickly

    return time


def _default_random() -> Callable[[], float]:
    import random  # noqa: PLC0415

    return random.random


def _default_logger() -> "logging.Logger":
    import logging  # noqa: PLC0415

    return logging.getLogger("linkskipper_sdk")
