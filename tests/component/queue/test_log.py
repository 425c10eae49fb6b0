"""The log of entries that are done."""

from datetime import timedelta

from linkskipper.database import Pool
from linkskipper.queue import prune_log

ADD = """
INSERT INTO pgqueuer_log (created, job_id, status, priority, entrypoint)
SELECT now() - age, 1, 'successful', 0, 'standard' FROM unnest($1::interval[]) AS age
"""


async def test_old_records_go_in_batches(pool: Pool) -> None:
    """Records older than a day are deleted, however many batches it takes. Younger ones stay."""
    day, minute = timedelta(days=1), timedelta(minutes=1)
    await pool.execute(ADD, [day + minute] * 5 + [day - minute] * 2)
    async with pool.acquire() as connection:
        assert await prune_log(connection, day, batch=2) == 5
        assert await prune_log(connection, day, batch=2) == 0
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer_log") == 2
