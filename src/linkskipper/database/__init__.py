"""PostgreSQL: where it is, its schema, its connections, and the queue that lives in it."""

from linkskipper.database.embedded.server import EmbeddedServer
from linkskipper.database.pool import (
    OUT_OF_RANGE,
    STATEMENT_SECONDS,
    Connection,
    DedicatedConnection,
    Pool,
    open_connection,
    open_pool,
    require_session,
)
from linkskipper.database.time_limits import TimeLimit, TimeLimits

__all__ = [
    "OUT_OF_RANGE",
    "STATEMENT_SECONDS",
    "Connection",
    "DedicatedConnection",
    "EmbeddedServer",
    "Pool",
    "TimeLimit",
    "TimeLimits",
    "open_connection",
    "open_pool",
    "require_session",
]
