"""A connection that its owner keeps."""

import asyncpg
import pytest

from linkskipper.database import DedicatedConnection, Pool

ME = "SELECT pg_backend_pid() AS pid"


async def test_it_stays_the_same(pool: Pool) -> None:
    """One connection serves all statements, also after one that fails."""
    standing = DedicatedConnection(pool)
    (first,) = await standing.fetch(ME)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await standing.fetch("SELECT 1 / $1::integer", 0)
    assert await standing.fetch(ME) == [first]


async def test_a_lost_one_is_replaced(pool: Pool) -> None:
    """After the server drops the connection, the next statement gets a new one. The pool loses no connection."""
    standing = DedicatedConnection(pool)
    seen = set()
    for _ in range(pool.get_max_size() + 3):
        (row,) = await standing.fetch(ME)
        seen.add(row["pid"])
        await pool.execute("SELECT pg_terminate_backend($1)", row["pid"])
    assert len(seen) == pool.get_max_size() + 3
    assert len(await standing.fetch(ME)) == 1
