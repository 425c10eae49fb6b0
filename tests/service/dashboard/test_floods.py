"""What one person, or the holder of one key, could fill or use up by the pages."""

import asyncio
import time
from dataclasses import replace

import pytest

from linkskipper.accounts import create_account
from linkskipper.dashboard import page
from linkskipper.dashboard.app import MAX_REFUSED_CHARACTERS
from linkskipper.dashboard.page import MAX_FREE_LINES
from linkskipper.people import Role
from linkskipper.request_log import FAILURES_PER_MINUTE
from support.dashboard import make_user, visitor
from support.service import Service, fresh_link

pytestmark = pytest.mark.attack


async def lines_of(service: Service, actor: str) -> list[str]:
    rows = await service.pool.fetch("SELECT subject FROM audit_log WHERE actor = $1", actor)
    return [row["subject"] or "" for row in rows]


async def test_refusals_do_not_fill_the_audit_log(service: Service) -> None:
    """Refused requests add a bounded number of short lines in a minute, whatever their path, over all sessions."""
    account_id = (await create_account(service.pool, "flood", credits=0)).id
    user_id = await make_user(service, "flood", account_id, Role.VIEWER)
    path = "/dashboard/operate/accounts/" + "%00a" * 2000
    began, statuses = time.monotonic(), []
    for person in [await visitor(service, user_id), await visitor(service, user_id)]:
        statuses += [(await person.get(path)).status for _ in range(MAX_FREE_LINES)]
    lines, minutes = await lines_of(service, "flood"), 1 + (time.monotonic() - began) // 60
    assert set(statuses) == {403}
    assert MAX_FREE_LINES <= len(lines) <= MAX_FREE_LINES * minutes
    assert max(map(len, lines)) == MAX_REFUSED_CHARACTERS


async def test_strangers_do_not_fill_the_audit_log(service: Service) -> None:
    """A form without a way to sign in tries nothing, so it adds no line."""
    stranger = await visitor(service)
    count = "SELECT count(*) FROM audit_log WHERE action = 'sign-in.failed'"
    before = await service.pool.fetchval(count)
    answers = [
        await stranger.post("/dashboard/in", form) for form in ({}, {"way": "x"}, {"name": "x"}) for _ in range(9)
    ]
    assert {answer.status for answer in answers} == {422}
    assert await service.pool.fetchval(count) == before
    assert (await stranger.post("/dashboard/in", {"way": "key", "key": "x"})).status == 422
    assert await service.pool.fetchval(count) == before + 1


async def test_signing_out_does_not_fill_the_audit_log(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign-ins and sign-outs of the holder of a key add a bounded number of lines in a minute."""
    monkeypatch.setattr(page, "MAX_FREE_LINES", 5)
    caller, person, began = await service.caller(), await visitor(service), time.monotonic()
    for _ in range(10):
        assert (await person.post("/dashboard/in", {"way": "key", "key": caller.key})).status == 303
        assert (await person.post("/dashboard/out")).status == 303
    assert 5 <= len(await lines_of(service, f"key {caller.key_id}")) <= 5 * (1 + (time.monotonic() - began) // 60)


async def test_refused_requests_do_not_fill_their_log(service: Service) -> None:
    """Requests over the limit of a key add a bounded number of rows in a minute, and those without a valid key none."""
    caller, other = await service.caller(rate_limit=1), await service.caller()
    began = time.monotonic()
    statuses = [(await caller.get("/v1/account")).status for _ in range(FAILURES_PER_MINUTE + 20)]
    refused = statuses.count(429)
    stranger = replace(caller, key=f"{caller.key}x")
    strange = {(await stranger.get("/v1/account")).status for _ in range(20)}
    assert (refused > FAILURES_PER_MINUTE, strange <= {401, 429}) == (True, True)
    await other.get("/v1/account")  # what was logged before it is written once it is
    rows = "SELECT count(*) FROM requests WHERE key_id = $1"
    async with asyncio.timeout(60):
        while not await service.pool.fetchval(rows, other.key_id):
            await asyncio.sleep(0.05)
    minutes = 1 + (time.monotonic() - began) // 60
    failures = await service.pool.fetchval(f"{rows} AND code IS NOT NULL", caller.key_id)
    assert FAILURES_PER_MINUTE <= failures <= min(refused, FAILURES_PER_MINUTE * minutes)
    assert not await service.pool.fetchval("SELECT count(*) FROM requests WHERE code = 'invalid_key'")


async def test_links_of_the_dashboard_count_as_calls_of_the_key(service: Service) -> None:
    """Try uses the calls of its key up, and those of the API count there too."""
    caller = await service.caller(rate_limit=2)
    person = await visitor(service, await make_user(service, "eager", caller.account_id, Role.DEVELOPER))
    assert (await caller.resolve(fresh_link())).status in {200, 202}
    form = {"url": fresh_link(), "key_id": str(caller.key_id)}
    pages = [await person.post("/dashboard/try", form) for _ in range(4)]
    assert pages[0].status == 303
    assert pages[-1].status == 422
    assert "This key may call 2 times in 60 seconds" in pages[-1].visible_text
