"""A database server that hangs."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from support.service import Service


@asynccontextmanager
async def hanging(service: Service, server_url: str) -> AsyncIterator[None]:
    """Pause the server's processes for the service's connections."""
    connection = await asyncpg.connect(server_url)
    name = await service.pool.fetchval("SELECT current_database()")
    rows = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE datname = $1", name)
    await connection.close()
    for row in rows:
        os.kill(row["pid"], signal.SIGSTOP)
    try:
        yield
    finally:
        for row in rows:
            os.kill(row["pid"], signal.SIGCONT)
