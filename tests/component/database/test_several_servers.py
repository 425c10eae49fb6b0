"""A database URL that names several servers."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from linkskipper.database import EmbeddedServer, open_connection, open_pool
from linkskipper.errors import DatabaseUnavailable

DIRECTORY = "SHOW data_directory"


def folder(url: str) -> str:
    return parse_qs(urlsplit(url).query)["host"][0]


async def test_a_pool_moves_to_the_server_that_accepts_writes(data_dir: Path) -> None:
    """When the first server turns read-only, as a demoted one is, new connections lead to the second."""
    with (
        EmbeddedServer(data_dir.with_name("1")).running() as first,
        EmbeddedServer(data_dir.with_name("2")).running() as second,
    ):
        hosts = f"host={folder(first)},{folder(second)}&port=5432,5432"
        url = f"postgresql://postgres@/postgres?{hosts}&target_session_attrs=read-write"
        pool = await open_pool(url, size=1)
        assert await pool.fetchval(DIRECTORY) == f"{data_dir.parent}/1/postgres"
        operator = await open_connection(first)
        await operator.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await operator.execute("SELECT pg_reload_conf()")
        await operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datid > 0"
        )
        with suppress(DatabaseUnavailable):  # the pool may have noticed before
            await pool.fetchval(DIRECTORY)
        assert await pool.fetchval(DIRECTORY) == f"{data_dir.parent}/2/postgres"
        await pool.close()
        await operator.close()


async def test_a_pool_leaves_a_server_that_takes_no_writes_any_more(data_dir: Path) -> None:
    """A write that a demoted server refuses, over a connection that it left open, is a lost connection."""
    with (
        EmbeddedServer(data_dir.with_name("1")).running() as first,
        EmbeddedServer(data_dir.with_name("2")).running() as second,
    ):
        hosts = f"host={folder(first)},{folder(second)}&port=5432,5432"
        pool = await open_pool(f"postgresql://postgres@/postgres?{hosts}&target_session_attrs=read-write", size=1)
        await pool.execute("SET default_transaction_read_only = on")
        operator = await open_connection(first)
        await operator.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await operator.execute("SELECT pg_reload_conf()")
        with pytest.raises(DatabaseUnavailable):
            await pool.execute("CREATE TABLE written ()")
        await pool.execute("CREATE TABLE written ()")
        assert await pool.fetchval(DIRECTORY) == f"{data_dir.parent}/2/postgres"
        await pool.close()
        await operator.close()
