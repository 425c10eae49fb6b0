"""The service behind PgBouncer in transaction mode."""

import asyncio
from pathlib import Path

from linkskipper.database import open_connection
from linkskipper.service.retention import prune
from support.dashboard import make_user, visitor
from support.pgbouncer import run_pgbouncer
from support.receiver import run_receiver
from support.service import fresh_link, run_service

LINKS = 30


async def test_service_behind_pgbouncer(database_url: str, tmp_path: Path) -> None:
    """Links are resolved, charged once, cached and told to webhooks, many at once. Pages and retention work."""
    async with (
        run_pgbouncer(database_url) as pgbouncer_url,
        run_receiver(tmp_path) as receiver,
        run_service(database_url, tmp_path, receiver=receiver, pgbouncer_url=pgbouncer_url) as service,
    ):
        caller = await service.caller(credits=LINKS + 1)
        links, hooks = [fresh_link() for _ in range(LINKS)], [receiver.url() for _ in range(LINKS)]
        answers = await asyncio.gather(
            *(
                caller.resolve(link, wait=30, webhook_url=hook, idempotency_key=link)
                for link, hook in zip(links, hooks, strict=True)
            )
        )
        assert [(answer.status, answer.body["credits_charged"]) for answer in answers] == [(200, 1)] * LINKS
        jobs = [answer.body["job_id"] for answer in answers]
        assert [(await caller.resolve(link, idempotency_key=link)).body["job_id"] for link in links] == jobs
        assert (await caller.resolve(links[0])).body["cached"]
        for job_id, hook in zip(jobs, hooks, strict=True):
            assert [request.event["job_id"] for request in await receiver.received(hook)] == [job_id]
        assert len((await caller.get("/v1/jobs", params={"limit": "100"})).body["jobs"]) == LINKS
        assert (await caller.get("/v1/account")).body["balance"] == 1
        person = await visitor(service, await make_user(service, "looks", caller.account_id, is_operator=True))
        for page in ("/dashboard", "/dashboard/links", "/dashboard/operate"):
            assert (await person.get(page)).status == 200
        await prune(database_url, service.settings)
    direct = await open_connection(database_url)
    books = await direct.fetchrow("SELECT balance, held FROM accounts WHERE id = $1", caller.account_id)
    assert dict(books or {}) == {"balance": 1, "held": 0}
    await direct.close()
