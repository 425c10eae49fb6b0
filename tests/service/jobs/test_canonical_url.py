"""Workers resolve the URL that the API read, however their own catalogue would read the submitted text."""

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from support.service import Caller, Service, run_service
from support.workers import worker

EVIL = """
id = "evil"
label = "Evil"
hosts = ["evil.test"]
tier = "standard"

[[steps]]
use = "from_query"
param = "u"
"""


def with_evil(folder: Path) -> Path:
    """Make a providers directory that names evil.test."""
    folder.mkdir()
    (folder / "evil.toml").write_text(EVIL)
    return folder


async def cached(service: Service, url: str) -> str | None:
    target: str | None = await service.pool.fetchval(
        "SELECT target_url FROM cached_links WHERE canonical_url = $1", url
    )
    return target


async def resolve(service: Service, caller: Caller, text: str, providers: Path) -> Any:
    """Submit a text and have a worker with other provider files resolve it."""
    job_id = (await caller.resolve(text)).body["job_id"]
    async with worker(service, LINKSKIPPER_PROVIDERS_DIR=str(providers)):
        return await caller.finished(job_id)


async def test_only_the_worker_knows_the_first_host(database_url: str, tmp_path: Path) -> None:
    """A text that the worker would read as the attacker's link resolves the victim's, and poisons no cache."""
    providers = with_evil(tmp_path / "providers")
    async with run_service(database_url, tmp_path, tiers=()) as service:
        shutil.copy(service.lab.providers_dir / "lab-bulk.toml", providers)
        caller = await service.caller()
        victim = f"https://bulk.lab.test/pay-{uuid4().hex}"
        target = victim.replace("https://bulk.lab.test", "https://example.com/landing")
        text = f"evil.test/x?u=https%3A%2F%2Fattacker.example%2F {victim}"
        job = await resolve(service, caller, text, providers)
        assert (job["status"], job["target_url"]) == ("done", target)
        assert await cached(service, victim) == target
        assert (await caller.resolve(victim)).body["target_url"] == target
        listed = await service.pool.fetchrow("SELECT url, canonical_url FROM jobs")
        assert tuple(listed or ()) == (text, victim)


async def test_only_the_api_knows_the_first_host(database_url: str, tmp_path: Path) -> None:
    """A text that the worker would read as another link ends as unsupported, and nothing is cached for either."""
    providers = with_evil(tmp_path / "providers")
    async with run_service(database_url, tmp_path, tiers=(), providers_dir=providers) as service:
        caller = await service.caller()
        victim = f"https://bulk.lab.test/pay-{uuid4().hex}"
        text = f"https://evil.test/x?u=https%3A%2F%2Fattacker.example%2F {victim}"
        job = await resolve(service, caller, text, service.lab.providers_dir)
        assert (job["status"], job["error"], job["credits_charged"]) == ("invalid", "unsupported_link", 0)
        assert await service.pool.fetchval("SELECT count(*) FROM cached_links") == 0


async def test_the_answer_has_the_text_as_submitted(service: Service) -> None:
    """The API answers with the submitted text, not with its canonical URL."""
    caller = await service.caller()
    path = uuid4().hex
    text = f"HTTPS://BULK.lab.test:443/{path}"
    answer = await caller.resolve(text, wait=10)
    assert (answer.status, answer.body["url"]) == (200, text)
    again = await caller.resolve(f"https://bulk.lab.test/{path}")
    assert again.body["cached"] is True


@pytest.mark.parametrize("rest", ["&#93;(b", "&amp;amp;amp;amp;b", "[.]x&#32;y", "&#34;b", "&#62;", "%26gt;&amp;#41;"])
async def test_canonical_urls_that_look_like_texts(service: Service, rest: str) -> None:
    """A canonical URL is not read as a text again: entities, brackets and the like in it stay what they are."""
    caller = await service.caller()
    path = uuid4().hex
    answer = await caller.resolve(f"https://bulk.lab.test/{path}?a=1{rest}", wait=10)
    assert (answer.status, answer.body["status"]) == (200, "done")
    canonical = await service.pool.fetchval("SELECT canonical_url FROM jobs WHERE id = $1::uuid", answer.body["job_id"])
    assert answer.body["target_url"] == canonical.replace("https://bulk.lab.test", "https://example.com/landing")
    assert await cached(service, canonical) == answer.body["target_url"]
