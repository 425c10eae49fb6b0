"""Logs on stderr: lines for people, or JSON for machines. Libraries log in the same form."""

import logging
import re
import sys
from typing import TYPE_CHECKING

from linkskipper.settings import Settings

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

_LINK = re.compile(r"(https?://[^\s/?#\"'<>\\]+)[/?#\\][^\s\"'<>]+", re.IGNORECASE)


def configure(settings: Settings, *, process: str | None = None) -> None:
    """Send all logs to stderr, from LINKSKIPPER_LOG_LEVEL upwards. Each line names the process if it has a name."""
    import structlog  # noqa: PLC0415 - see configure_library

    configure_library(settings, process=process)
    structlog.configure(
        processors=[*_shared_processors(process), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(_level(settings)),
        cache_logger_on_first_use=True,
    )


def configure_library(settings: Settings, *, process: str | None = None) -> None:
    """Do this for a command that loads only the rooms of the library. It loads structlog with the first line."""
    handler = logging.StreamHandler()
    handler.setFormatter(_LazyFormatter(settings, process))
    level = _level(settings)
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
    logging.getLogger("linkskipper").setLevel(level)


class _LazyFormatter(logging.Formatter):
    """A formatter of structlog that is made for the first line, because few commands log one."""

    def __init__(self, settings: Settings, process: str | None) -> None:
        super().__init__()
        self._settings = settings
        self._process = process
        self._formatter: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        if self._formatter is None:
            self._formatter = _formatter(self._settings, self._process)
        return self._formatter.format(record)


def _formatter(settings: Settings, process: str | None) -> logging.Formatter:
    import structlog  # noqa: PLC0415 - see _LazyFormatter

    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_shared_processors(process), structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # Rich tracebacks print variables, and keys with them
            shorten_links,
            renderer,
        ],
    )


def shorten_links(_logger: object, _method: str, event: "EventDict") -> "EventDict":
    """Remove path, query and fragment of every link. Often, they are all that one needs to open its target."""
    for name, value in event.items():
        if isinstance(value, str) and "://" in value:
            event[name] = _LINK.sub(r"\1/…", value)
    return event


def _shared_processors(process: str | None) -> "list[Processor]":
    import structlog  # noqa: PLC0415 - see configure_library

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([_naming(process)] if process is not None else []),
    ]


def _naming(process: str) -> "Processor":
    def add_name(_logger: object, _method: str, event: "EventDict") -> "EventDict":
        event["process"] = process
        return event

    return add_name


def _level(settings: Settings) -> int:
    return logging.getLevelNamesMapping()[settings.log_level.upper()]
