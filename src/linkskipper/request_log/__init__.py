"""The log of API requests, which people read in the dashboard."""

from linkskipper.request_log.log import FAILURES_PER_MINUTE, SUCCESSES_PER_SECOND, LoggedRequest, RequestLog
from linkskipper.request_log.read import (
    COUNTED_REQUESTS,
    CodeCount,
    RequestFilter,
    RequestRow,
    count_codes,
    list_requests,
)
from linkskipper.request_log.retention import REQUESTS, drop_requests, prune_requests

__all__ = [
    "COUNTED_REQUESTS",
    "FAILURES_PER_MINUTE",
    "REQUESTS",
    "SUCCESSES_PER_SECOND",
    "CodeCount",
    "LoggedRequest",
    "RequestFilter",
    "RequestLog",
    "RequestRow",
    "count_codes",
    "drop_requests",
    "list_requests",
    "prune_requests",
]
