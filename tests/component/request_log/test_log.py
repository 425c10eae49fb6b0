"""The log of requests is written in batches, loses rows rather than time, and finds its rows again."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from linkskipper.database import Pool
from linkskipper.errors import DatabaseUnavailable
from linkskipper.request_log import (
    LoggedRequest,
    RequestFilter,
    RequestLog,
    count_codes,
    list_requests,
    prune_requests,
)
from linkskipper.request_log.log import FAILURES_PER_MINUTE, MAX_WAITING, SUCCESSES_PER_SECOND

ACCOUNT, KEY = 7, 70


def entry(number: int = 0, *, status: int = 200, code: str | None = None, key_id: int = KEY) -> LoggedRequest:
    at = datetime.now(UTC) + timedelta(milliseconds=number)
    path = f"/v1/jobs/{number}"
    return LoggedRequest(at, ACCOUNT, key_id, f"id-{number}", "GET", path, status, code, 1.5, None)


async def written(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM requests"))


async def test_requests_are_written_together(pool: Pool) -> None:
    """One call writes all requests that were added, and nothing is written twice."""
    log = RequestLog(pool)
    for number in range(3):
        log.add(entry(number))
    await log.write()
    await log.write()
    page = await list_requests(pool, ACCOUNT, RequestFilter(), before=None, limit=9)
    assert [request.request_id for request in page.rows] == ["id-2", "id-1", "id-0"]
    assert (page.next, page.cut_at) == (None, None)


async def test_successes_of_a_busy_key_are_sampled(pool: Pool) -> None:
    """Of the successes of a key in one second ten are taken. Failures, other keys and other seconds count apart."""
    log = RequestLog(pool)
    assert [log.takes(KEY, 100.2, is_success=True) for _ in range(30)].count(True) == SUCCESSES_PER_SECOND
    assert log.takes(KEY, 100.2, is_success=False)
    assert log.takes(KEY + 1, 101.1, is_success=True)
    assert not log.takes(KEY, 101.1, is_success=True)
    assert log.takes(KEY, 101.2, is_success=True)


@pytest.mark.attack
async def test_failures_of_a_key_are_bounded(pool: Pool) -> None:
    """A key adds its first 300 failures of a minute, however many it makes. Other keys and minutes count apart."""
    log = RequestLog(pool)
    taken = [log.takes(KEY, 100 + number / 100, is_success=False) for number in range(1000)]
    assert taken == [number < FAILURES_PER_MINUTE for number in range(1000)]
    assert log.takes(KEY + 1, 159.9, is_success=False)
    assert not log.takes(KEY, 159.9, is_success=False)
    assert log.takes(KEY, 160, is_success=False)


async def test_waiting_requests_are_bounded(pool: Pool) -> None:
    """While the database is away requests wait up to a bound. Later ones are dropped, and those that wait are kept."""
    log, keys = RequestLog(pool), count()
    while log.takes(next(keys), 0, is_success=False):
        log.add(entry())
    await pool.execute("ALTER TABLE requests RENAME TO away")
    with pytest.raises(Exception, match="does not exist"):
        await log.write()
    assert not log.takes(next(keys), 0, is_success=False)
    await pool.execute("ALTER TABLE away RENAME TO requests")
    await log.write()
    assert await written(pool) == MAX_WAITING
    assert log.takes(next(keys), 0, is_success=False)


async def test_stop_does_not_fail_without_a_database(pool: Pool) -> None:
    """The last writing of a process that has lost its database ends quietly."""
    log = RequestLog(pool)
    log.add(entry())
    pool.terminate()
    with pytest.raises(DatabaseUnavailable):
        await log.write()
    await log.close()


async def test_filters(pool: Pool) -> None:
    """Each filter narrows the list, an account sees its own rows, and errors are counted by code."""
    log = RequestLog(pool)
    log.add(entry(1))
    log.add(entry(2, status=404, code="not_found"))
    log.add(entry(3, status=503, code="provider_down", key_id=KEY + 1))
    await log.write()
    for chosen, ids in (
        (RequestFilter(status=2), ["id-1"]),
        (RequestFilter(status=4), ["id-2"]),
        (RequestFilter(code="provider_down"), ["id-3"]),
        (RequestFilter(key_id=KEY), ["id-2", "id-1"]),
        (RequestFilter(method="POST"), []),
        (RequestFilter(text="jobs/3"), ["id-3"]),
        (RequestFilter(text="id-2"), ["id-2"]),
        (RequestFilter(text="%"), []),
    ):
        page = await list_requests(pool, ACCOUNT, chosen, before=None, limit=9)
        assert [request.request_id for request in page.rows] == ids
    assert (await list_requests(pool, ACCOUNT + 1, RequestFilter(), before=None, limit=9)).rows == []
    assert [(count.code, count.requests) for count in await count_codes(pool, ACCOUNT)] == [
        ("not_found", 1),
        ("provider_down", 1),
    ]


async def test_pages_join(pool: Pool) -> None:
    """Pages of the list join without gaps and without repetition."""
    log = RequestLog(pool)
    for number in range(25):
        log.add(entry(number))
    await log.write()
    found: list[str] = []
    before, more = None, True
    while more:
        page = await list_requests(pool, ACCOUNT, RequestFilter(), before=before, limit=10)
        found += [request.request_id for request in page.rows]
        before, more = page.next, page.next is not None
    assert found == [f"id-{number}" for number in reversed(range(25))]


async def test_last_page_is_full(pool: Pool) -> None:
    """A page that ends with the oldest request has no next one. A page that looked at enough requests has one."""
    log = RequestLog(pool)
    for number in range(10):
        log.add(entry(number))
    await log.write()
    page = await list_requests(pool, ACCOUNT, RequestFilter(), before=None, limit=10)
    assert (len(page.rows), page.next, page.cut_at) == (10, None, None)
    page = await list_requests(pool, ACCOUNT, RequestFilter(), before=None, limit=9)
    assert (len(page.rows), page.next) == (9, page.rows[-1].id)


async def test_old_requests_are_deleted(pool: Pool) -> None:
    """Rows that are older than the setting are deleted in batches. 0 days delete all of them."""
    log = RequestLog(pool)
    for number in range(20):
        log.add(entry(number - 8 * 86_400_000 if number < 12 else number))
    await log.write()
    async with pool.acquire() as connection:
        assert await prune_requests(connection, timedelta(days=7), batch=5) == 12
        assert await prune_requests(connection, timedelta(days=7), batch=5) == 0
        await pool.execute("UPDATE requests SET at = now() - interval '1 s'")
        assert await prune_requests(connection, timedelta(0), batch=5) == 8
