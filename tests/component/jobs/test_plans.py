"""The statements behind answers from the cache and job reads use indexes, whatever the planner knows of the tables."""

import pytest

from linkskipper.database import Pool
from linkskipper.jobs import queries

HOT = {
    "find_cached": (queries.FIND_CACHED, "ARRAY['a'::bytea], ARRAY[1::bigint]", "links"),
    "read": (queries.READ, "ARRAY[uuidv7()]", "jobs"),
    "replay": (queries.REPLAY, "1, 'a'", "jobs"),
}


@pytest.mark.parametrize("name", HOT)
async def test_no_scan_of_a_table_that_grows(pool: Pool, name: str) -> None:
    """A plan that was made for empty tables is kept while they grow: it must not read them whole."""
    statement, arguments, table = HOT[name]
    async with pool.acquire() as connection:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE hot AS {statement}")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE hot({arguments})"))
    assert f"Seq Scan on {table}" not in plan
    assert f"{table}_pkey" in plan
