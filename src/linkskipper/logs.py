"""Logging for the rooms that are a library: as libraries do, by the standard library's logging.

Unconfigured, structlog prints to standard output, where a program that uses the library has its own data.
"""

import logging

import structlog

logging.getLogger("linkskipper").addHandler(logging.NullHandler())  # else warnings go to standard error by themselves


def library_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose records carry what they tell as attributes; the service's own logs show them like all others."""
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return logger
