"""The log of API requests, which people read in the dashboard."""

from linkskipper.request_log.log import LoggedRequest, RequestLog
from linkskipper.request_log.read import (
    CodeCount,
    RequestFilter,
    RequestRow,
    RequestRows,
    count_codes,
    list_requests,
)
from linkskipper.request_log.retention import prune_requests

__all__ = [
    "CodeCount",
    "LoggedRequest",
    "RequestFilter",
    "RequestLog",
    "RequestRow",
    "RequestRows",
    "count_codes",
    "list_requests",
    "prune_requests",
]
