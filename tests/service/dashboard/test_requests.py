"""The page of API requests."""

import asyncio

from support.dashboard import PageAnswer, Visitor, make_user, visitor
from support.service import Caller, Service, fresh_link

PATH = "/dashboard/requests"


async def person_of(service: Service, caller: Caller) -> Visitor:
    return await visitor(service, await make_user(service, f"requests {caller.account_id}", caller.account_id))


async def shown(person: Visitor, text: str, path: str = PATH) -> PageAnswer:
    """The page once it has a text. Requests are written a second after they end."""
    async with asyncio.timeout(60):
        while text not in (page := await person.get(path)).visible_text:
            await asyncio.sleep(0.1)
    return page


async def test_requests_are_listed(service: Service) -> None:
    """Successes lead to their link, errors show their code, and both show key, id and time."""
    caller, stranger = await service.caller(), await service.caller()
    made = await caller.resolve(fresh_link(), headers={"X-Request-Id": f"made-{caller.key_id}"})
    await caller.get("/v1/jobs/none", headers={"X-Request-Id": f"missing-{caller.key_id}"})
    await caller.resolve("https://no.such.host.example/")
    await stranger.get("/v1/account", headers={"X-Request-Id": f"stranger-{stranger.key_id}"})
    person = await person_of(service, caller)
    page = await shown(person, "422 unsupported_link")  # in the list: the counts below it are read later
    assert f"/dashboard/links/{made.body['job_id']}" in page.text
    for text in (f"made-{caller.key_id}", f"missing-{caller.key_id}", "404 not_found", "/v1/resolve", "POST"):
        assert text in page.visible_text
    assert f"stranger-{stranger.key_id}" not in page.text
    assert "not_found 1" in page.visible_text
    only = await person.get(f"{PATH}?code=not_found")
    assert f"missing-{caller.key_id}" in only.text
    assert f"made-{caller.key_id}" not in only.text


async def test_bodies_and_keys_are_not_kept(service: Service) -> None:
    """Neither the link that was asked for nor the key is in the log, and hostile paths are text."""
    caller = await service.caller()
    link = fresh_link()
    await caller.resolve(link)
    await caller.get("/v1/jobs/%3Cscript%3Ealert(1)%3C%E2%80%AEscript%3E")
    await shown(await person_of(service, caller), "not_found")
    rows = str(await service.pool.fetch("SELECT * FROM requests WHERE account_id = $1", caller.account_id))
    for secret in (link, caller.key, "Bearer"):
        assert secret not in rows


async def test_wrong_filters(service: Service) -> None:
    """Values that do not exist are refused with what is allowed."""
    person = await person_of(service, await service.caller())
    assert (await person.get(PATH)).status == 200
    for query, allowed in (
        ("status=3", "2xx, 4xx, 5xx"),
        ("method=DELETE", "GET, POST, HEAD"),
        ("key=x", "key cannot"),
    ):
        page = await person.get(f"{PATH}?{query}")
        assert page.status == 400
        assert allowed in page.visible_text


async def test_held_requests_hold_nobody(service: Service) -> None:
    """Requests are answered while the table of the log is locked, and are logged once it is free."""
    caller = await service.caller()
    async with service.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE requests")
        for _ in range(5):
            async with asyncio.timeout(20):
                assert (await caller.get("/v1/jobs/none")).status == 404
        await asyncio.sleep(1.2)  # the writing has begun, and waits
        async with asyncio.timeout(20):
            assert (await caller.get("/v1/account")).status == 200
    await shown(await person_of(service, caller), "not_found 5")
