"""GET /v1/jobs: a key's jobs, newest first."""

from pathlib import Path
from uuid import uuid4

import pytest

from support.service import Service, fresh_link, run_service


async def test_pages(service: Service) -> None:
    """The pages hold every job of the key once, newest first, and no job of another key."""
    caller, other = await service.caller(), await service.caller()
    links = [fresh_link() for _ in range(5)]
    submitted = [(await caller.resolve(link, wait=10)).body["job_id"] for link in links]
    await other.resolve(fresh_link(), wait=10)
    found, before = [], None
    while True:
        page = (await caller.get("/v1/jobs", params={"limit": "2", **({"before": before} if before else {})})).body
        found += page["jobs"]
        if (before := page["next"]) is None:
            break
    assert [job["job_id"] for job in found] == submitted[::-1]
    assert [job["url"] for job in found] == links[::-1]


async def test_members(service: Service) -> None:
    """A job has the members that its own endpoint returns, and its link and times."""
    caller = await service.caller()
    job_id = (await caller.resolve(fresh_link(), wait=10)).body["job_id"]
    (job,) = (await caller.get("/v1/jobs")).body["jobs"]
    alone = (await caller.get(f"/v1/jobs/{job_id}")).body
    assert {name: job[name] for name in alone} == alone
    assert set(job) - set(alone) == {"url", "created_at", "finished_at"}
    assert job["created_at"] <= job["finished_at"]


async def test_status(database_url: str, tmp_path: Path) -> None:
    """A status leaves out all other jobs. A job in progress has no end."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        await caller.resolve(fresh_link())
        (job,) = (await caller.get("/v1/jobs", params={"status": "queued"})).body["jobs"]
        assert (job["status"], job["finished_at"]) == ("queued", None)
        assert (await caller.get("/v1/jobs", params={"status": "done"})).body == {"jobs": [], "next": None}


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"limit": "1"}, 200),
        ({"limit": "100"}, 200),
        ({"before": str(uuid4())}, 200),
        ({"unknown": "x"}, 200),
        ({"limit": "0"}, 400),
        ({"limit": "101"}, 400),
        ({"limit": "many"}, 400),
        ({"before": "x"}, 400),
        ({"status": "odd"}, 400),
    ],
)
async def test_bounds(service: Service, params: dict[str, str], status: int) -> None:
    """Each parameter is accepted up to its bound and refused beyond it. Unknown parameters are ignored."""
    caller = await service.caller(scopes=())
    assert (await caller.get("/v1/jobs", params=params)).status == status
