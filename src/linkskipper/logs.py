"""Logging for the rooms that also work as a library: they log by the standard library's logging.

An unconfigured structlog would print to standard output, where a program that uses the library writes its own data.
"""

import logging

import structlog

logging.getLogger("linkskipper").addHandler(logging.NullHandler())  # keeps warnings off standard error


def library_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger whose records carry their values as attributes, as the logs of the service show them."""
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return logger
