"""PostgreSQL: where it is, its schema, its connections, and the queue that lives in it."""

from linkskipper.storage.embedded import EmbeddedServer
from linkskipper.storage.pool import AWAY, Connection, Pool, Standing, open_connection, open_pool

__all__ = ["AWAY", "Connection", "EmbeddedServer", "Pool", "Standing", "open_connection", "open_pool"]
