"""PostgreSQL: where it is, its schema, its connections, and the queue that lives in it."""

from linkskipper.storage.embedded import EmbeddedServer
from linkskipper.storage.pool import AWAY, OUT_OF_RANGE, Connection, Pool, Standing, open_connection, open_pool

__all__ = ["AWAY", "OUT_OF_RANGE", "Connection", "EmbeddedServer", "Pool", "Standing", "open_connection", "open_pool"]
