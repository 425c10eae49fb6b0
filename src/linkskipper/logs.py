"""Logging for the rooms that also work as a library: they log by the standard library's logging.

An unconfigured structlog would print to standard output, where a program that uses the library writes its own data. It
also takes longer to load than everything that a command needs.
"""

import logging

logging.getLogger("linkskipper").addHandler(logging.NullHandler())  # keeps warnings off standard error


class LibraryLogger:
    """Logs events whose records carry their values as attributes, as the logs of the service show them."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **values: object) -> None:
        """Log an event that needs no attention."""
        self._logger.info(event, extra=values)

    def warning(self, event: str, **values: object) -> None:
        """Log an event that an operator may want to look at."""
        self._logger.warning(event, extra=values)

    def error(self, event: str, **values: object) -> None:
        """Log an event that an operator must look at."""
        self._logger.error(event, extra=values)
