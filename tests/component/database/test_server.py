"""What the server says about itself."""

from datetime import UTC, datetime

from linkskipper.database import Pool
from linkskipper.database.partitions import list_partitions
from linkskipper.database.server import read_table_sizes
from linkskipper.request_log import REQUESTS

ADD_REQUESTS = """
INSERT INTO requests (at, account_id, key_id, request_id, method, path, status, milliseconds)
SELECT $1, 1, 1, '', 'GET', '/', 200, 1 FROM generate_series(1, 1000)
"""


async def test_a_table_counts_with_its_partitions(pool: Pool) -> None:
    """A table in partitions is one entry, with the sum of their sizes and rows. Its partitions are not listed."""
    before = {size.name: size for size in await read_table_sizes(pool)}
    async with pool.acquire() as connection:
        partitions = {each.name: each for each in await list_partitions(connection, REQUESTS)}
    days = [each.since for each in partitions.values() if each.is_regular][:1]
    for moment in (datetime.now(UTC), *days):
        await pool.execute(ADD_REQUESTS, moment)
    await pool.execute("ANALYZE requests")
    after = {size.name: size for size in await read_table_sizes(pool)}
    assert after.keys() == before.keys()
    assert not partitions.keys() & after.keys()
    assert after["requests"].rows == 2000
    assert after["requests"].bytes > before["requests"].bytes
