"""Lists of a key's jobs."""

from uuid import UUID

from linkskipper.database import Pool
from linkskipper.jobs import JobStatus, list_jobs
from support.factories import make_jobs, make_keys

NEWEST = UUID(int=2**128 - 1)


async def test_a_rare_status_is_found_page_by_page(pool: Pool) -> None:
    """Pages that look at few jobs each are short or empty. Together they have every job of the status once."""
    key, other = await make_keys(pool, 2)
    statuses = ["failed" if number in {0, 1, 7, 29} else "done" for number in range(30)]
    jobs = await make_jobs(pool, key, statuses)
    await make_jobs(pool, other, statuses)
    expected = [job for job, status in zip(jobs, statuses, strict=True) if status == "failed"][::-1]
    for max_walked in (2, 3, 29, 30, 31):
        found, before = [], NEWEST
        while True:
            page = await list_jobs(pool, key, status=JobStatus.FAILED, before=before, limit=2, max_walked=max_walked)
            assert len(page.jobs) <= 2
            found += [job.state.job_id for job in page.jobs]
            if page.next is None:
                break
            before = page.next
        assert found == expected
