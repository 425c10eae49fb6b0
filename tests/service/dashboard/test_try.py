"""The page that resolves a link in the browser."""

import asyncio
from pathlib import Path
from uuid import UUID

from linkskipper.accounts import create_account, get_account
from linkskipper.jobs import JobReader
from linkskipper.people import Role
from support.dashboard import Visitor, make_user, visitor
from support.service import Caller, Service, fresh_link, run_service

PATH = "/dashboard/try"


async def person_of(service: Service, caller: Caller, role: Role = Role.OWNER) -> Visitor:
    return await visitor(service, await make_user(service, f"try {role} {caller.account_id}", caller.account_id, role))


async def test_link_is_resolved_without_a_script(service: Service) -> None:
    """A sent link leads to its job. The page shows the target in the end, and the same call in four languages."""
    caller = await service.caller()
    person = await person_of(service, caller)
    answer = await person.post(PATH, {"url": (link := fresh_link()), "key_id": str(caller.key_id)})
    assert answer.status == 303
    async with asyncio.timeout(60):
        while "done in" not in (page := await person.get(answer.headers["location"])).visible_text:
            assert '<noscript><meta http-equiv="refresh"' in page.text
    assert "1 credit was charged" in page.visible_text
    assert 'http-equiv="refresh"' not in page.text
    for text in ("curl", "Python", "JavaScript", "PHP", link):
        assert text in page.visible_text
    again = await person.post(PATH, {"url": link, "key_id": str(caller.key_id)})
    assert "from the cache" in again.visible_text
    assert (await get_account(service.pool, caller.account_id)).balance == 99


async def test_hops_appear_while_they_are_taken(service: Service) -> None:
    """The first hop of a link is shown before the second ends. A client of the API sees it once the link has ended."""
    caller = await service.caller()
    person = await person_of(service, caller)
    seen, number = False, 0
    async with asyncio.timeout(60):
        while not seen:  # a busy machine may miss the three seconds between the two hops
            number += 1
            link = f"https://query.lab.test/out?url=https://slow.lab.test/3/{caller.key_id}-{number}"
            location = (await person.post(PATH, {"url": link, "key_id": str(caller.key_id)})).headers["location"]
            while 'data-label="hop">1<' not in (page := await person.get(location)).text:
                await asyncio.sleep(0.05)
            seen = 'data-label="hop">2<' not in page.text
        assert "The hops appear as they are taken" in page.visible_text
        job_id, reader = UUID(location.rpartition("=")[2]), JobReader(service.pool)
        trace = await reader.read_trace(caller.key_id, job_id)
        state = await reader.read(caller.key_id, job_id)
        assert state is not None
        assert state.terminal or not trace.hops
        while "done in" not in (page := await person.get(location)).visible_text:
            await asyncio.sleep(0.05)
    assert 'data-label="hop">2<' in page.text


async def test_refused_links_say_the_next_step(service: Service) -> None:
    """A link that is refused costs nothing, and the page says what to do. The form keeps the text that was typed."""
    caller = await service.caller(credits=0)
    person = await person_of(service, caller)
    for url, text, step in (
        ("https://no.such.host.example/x", "Unsupported link", "/dashboard/providers"),
        (fresh_link(), "Out of credits", "/dashboard/credits"),
    ):
        page = await person.post(PATH, {"url": url, "key_id": str(caller.key_id)})
        assert page.status == 422
        assert text in page.visible_text
        assert f'<a href="{step}">' in page.text
        assert f'value="{url}"' in page.text
    for form in ({"url": "", "key_id": str(caller.key_id)}, {"url": "x" * 2049, "key_id": str(caller.key_id)}):
        assert "Write 1 to 2048 characters" in (await person.post(PATH, form)).visible_text


async def test_only_keys_that_may_resolve(service: Service) -> None:
    """Keys that only read, of another account and of a closed account are refused. Without a key the page says so."""
    account = await create_account(service.pool, "try keys", credits=10)
    caller, stranger = await service.caller(account_id=account.id, scopes=()), await service.caller()
    person = await person_of(service, caller)
    assert "Make a key" in (await person.get(PATH)).visible_text
    for key_id in (caller.key_id, stranger.key_id, "x", ""):
        page = await person.post(PATH, {"url": fresh_link(), "key_id": str(key_id)})
        assert page.status == 422
    writer = await service.caller(account_id=account.id)
    await service.pool.execute("UPDATE accounts SET closed_at = now() WHERE id = $1", account.id)
    assert (await person.post(PATH, {"url": fresh_link(), "key_id": str(writer.key_id)})).status == 422
    assert await service.pool.fetchval("SELECT count(*) FROM jobs WHERE account_id = $1", account.id) == 0


async def test_roles(service: Service) -> None:
    """A viewer sees the page and cannot resolve. A job of another account does not exist."""
    caller, stranger = await service.caller(), await service.caller()
    viewer = await person_of(service, caller, Role.VIEWER)
    assert "Your role is viewer" in (await viewer.get(PATH)).visible_text
    assert (await viewer.post(PATH, {"url": fresh_link(), "key_id": str(caller.key_id)})).status == 403
    job_id = (await stranger.resolve(fresh_link())).body["job_id"]
    assert (await viewer.get(f"{PATH}?job={job_id}")).status == 404
    for query in ("job=x", f"link={'x' * 2049}", "other=1"):
        assert (await viewer.get(f"{PATH}?{query}")).status == 400


TOPUP = (("Card", "https://shop.example/?id={account}"), ("Coins", "https://coins.example/{account}"))


async def test_out_of_credits_names_where_to_buy_some(database_url: str, tmp_path: Path) -> None:
    """The answer of the API and the page name the operator's pages for this account, and nothing without them."""
    async with run_service(database_url, tmp_path, tiers=(), webhooks=False, topup_links=TOPUP) as service:
        caller = await service.caller(credits=0)
        refused = await caller.resolve(fresh_link())
        assert (refused.status, refused.body["code"], refused.body["balance"]) == (402, "out_of_credits", 0)
        for label, url in TOPUP:
            assert f"{label} {url.format(account=caller.account_id)}" in refused.body["detail"]
        person = await person_of(service, caller)
        page = await person.post(PATH, {"url": fresh_link(), "key_id": str(caller.key_id)})
        assert page.status == 422
        assert f'href="https://shop.example/?id={caller.account_id}"' in page.text


async def test_out_of_credits_without_pages(service: Service) -> None:
    """Without pages of the operator, the answer names none."""
    refused = await (await service.caller(credits=0)).resolve(fresh_link())
    assert (refused.status, "Buy credits" in refused.body["detail"]) == (402, False)
