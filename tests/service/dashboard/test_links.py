"""The pages of links, credits and providers."""

from urllib.parse import urlencode

import pytest

from support.dashboard import Visitor, make_user, visitor
from support.factories import make_jobs
from support.service import Caller, Service, fresh_link


async def person_of(service: Service, caller: Caller) -> Visitor:
    return await visitor(service, await make_user(service, f"links {caller.account_id}", caller.account_id))


async def test_link_that_is_done(service: Service) -> None:
    """The page of a link has its target, its hops and its charge, and leads to its key. So does the ledger to it."""
    caller = await service.caller()
    body = (await caller.resolve(link := fresh_link(), wait=10)).body
    person = await person_of(service, caller)
    page = await person.get(f"/dashboard/links/{body['job_id']}")
    assert page.status == 200
    for text in ("done in", "redirect by the Location header", "1 charged", "(not contacted)", f"Link: {link}"):
        assert text in page.visible_text
    assert f'href="{body["target_url"]}" target="_blank" rel="noopener noreferrer nofollow"' in page.text
    assert f"/dashboard/keys/{caller.key_id}" in page.text
    credits_page = await person.get("/dashboard/credits")
    assert f"/dashboard/links/{body['job_id']}" in credits_page.text
    assert "99" in credits_page.visible_text
    assert f"/dashboard/links/{body['job_id']}" in (await person.get("/dashboard/links")).text


async def test_link_that_failed(service: Service) -> None:
    """The page of a link without a target says why, what helps, and that it cost nothing."""
    caller = await service.caller()
    (job_id,) = await make_jobs(service.pool, caller.key_id, ["failed"])
    page = await (await person_of(service, caller)).get(f"/dashboard/links/{job_id}")
    for text in ("It cost nothing", "timeout", "A host on the way took too long"):
        assert text in page.visible_text


async def test_filters_and_pages(service: Service) -> None:
    """Filters narrow the list, pages of it join without gaps, and values that do not exist are refused."""
    caller = await service.caller()
    ids = await make_jobs(service.pool, caller.key_id, ["done", "failed", "done"] * 40)
    person = await person_of(service, caller)
    listed: list[str] = []
    path: str | None = "/dashboard/links"
    while path is not None:
        text = (await person.get(path)).text
        listed += [part.partition('"')[0] for part in text.split('<tr id="job-')[1:]]
        path = None
        if 'rel="next"' in text:
            path = text.rpartition(' rel="next"')[0].rpartition('href="')[2].rstrip('"')
    assert listed == [str(job_id) for job_id in reversed(ids)]
    for query, count in (({"status": "failed"}, 40), ({"text": "lab.test", "status": "failed"}, 40), ({"key": "1"}, 0)):
        text = (await person.get(f"/dashboard/links?{urlencode(query)}")).text
        assert text.count('<tr id="job-') == count
    for query in ({"status": "good"}, {"key": "x"}, {"before": "x"}, {"unknown": "x"}, {"text": "x" * 201}):
        assert (await person.get(f"/dashboard/links?{urlencode(query)}")).status == 400


@pytest.mark.parametrize("job_id", ["00000000-0000-0000-0000-000000000000", "x", "%00", "1" * 36])
async def test_unknown_links(service: Service, job_id: str) -> None:
    """Ids that do not exist get 404."""
    person = await person_of(service, await service.caller())
    assert (await person.get(f"/dashboard/links/{job_id}")).status == 404


async def test_links_of_others(service: Service) -> None:
    """A link of another account, and for a session of a key one of another key, does not exist."""
    caller, stranger = await service.caller(), await service.caller()
    other_key = await service.caller(account_id=caller.account_id)
    (job_id,) = await make_jobs(service.pool, caller.key_id, ["done"])
    guest = await visitor(service)
    await guest.post("/dashboard/in", {"way": "key", "key": other_key.key})
    for visitor_of_others in (await person_of(service, stranger), guest):
        assert (await visitor_of_others.get(f"/dashboard/links/{job_id}")).status == 404
        assert str(job_id) not in (await visitor_of_others.get("/dashboard/links")).text
    assert (await (await person_of(service, other_key)).get(f"/dashboard/links/{job_id}")).status == 200


async def test_providers(service: Service) -> None:
    """Providers are found by a part of a host, and by their state."""
    person = await person_of(service, await service.caller())
    found = await person.get("/dashboard/providers?text=tinyurl.com")
    assert "tinyurl.com" in found.visible_text
    assert (await person.get("/dashboard/providers?state=down")).status == 200
    assert "No provider matches" in (await person.get("/dashboard/providers?text=no.such.host")).visible_text
    assert (await person.get("/dashboard/providers?state=away")).status == 400
