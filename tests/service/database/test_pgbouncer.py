"""The service behind PgBouncer in transaction mode."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from linkskipper.database import open_connection
from linkskipper.service.retention import prune
from support.dashboard import make_user, visitor
from support.pgbouncer import pgbouncer, run_pgbouncer
from support.receiver import Receiver, run_receiver
from support.service import Caller, fresh_link, run_service

LINKS = 30
CLIENTS = 4


@dataclass
class Load:
    """Clients that submit each link until it is accepted."""

    caller: Caller
    receiver: Receiver
    accepted: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    async def client(self, links: list[str]) -> None:
        """Submit links one after another, as a client that repeats refused requests does."""
        for link in links:
            hook = self.receiver.url()
            while True:
                answer = await self.caller.resolve(link, webhook_url=hook, idempotency_key=link)
                if answer.status == 202:
                    break
                assert answer.status == 503, answer
                self.counts["refused"] += 1
                await asyncio.sleep(0.05)
            self.accepted[answer.body["job_id"]] = hook
            self.counts["accepted"] += 1

    async def more(self, what: str) -> None:
        """Wait until a few more links were accepted, or requests refused."""
        before = self.counts[what]
        async with asyncio.timeout(60):
            while self.counts[what] < before + CLIENTS:
                await asyncio.sleep(0.01)


async def test_pgbouncer_that_is_killed_under_load(database_url: str, tmp_path: Path) -> None:
    """PgBouncer is killed and started again, twice. Requests are refused meanwhile, and no link is lost or doubled."""
    async with (
        pgbouncer(database_url) as between,
        run_receiver(tmp_path) as receiver,
        run_service(database_url, tmp_path, receiver=receiver, pgbouncer_url=between.url) as service,
        asyncio.TaskGroup() as clients,
    ):
        caller = await service.caller(credits=CLIENTS * LINKS)
        load = Load(caller, receiver)
        tasks = [clients.create_task(load.client([fresh_link() for _ in range(LINKS)])) for _ in range(CLIENTS)]
        for _ in range(2):
            await load.more("accepted")
            between.kill()
            await load.more("refused")
            await between.start()
        await asyncio.gather(*tasks)
        for job_id, hook in load.accepted.items():
            assert {request.event["job_id"] for request in await receiver.received(hook)} == {job_id}
        assert len(load.accepted) == CLIENTS * LINKS
        books = await service.pool.fetchrow(
            "SELECT (SELECT count(*) FROM jobs WHERE status = 'done') AS done, (SELECT count(*) FROM jobs) AS jobs,"
            " balance, held FROM accounts WHERE id = $1",
            caller.account_id,
        )
        assert dict(books or {}) == {"done": CLIENTS * LINKS, "jobs": CLIENTS * LINKS, "balance": 0, "held": 0}


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
