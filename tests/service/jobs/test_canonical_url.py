"""Workers resolve the URL that the API read, however their own catalogue would read the submitted text."""

from pathlib import Path
from uuid import uuid4

import pytest

from support.service import Service, run_service
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


@pytest.mark.parametrize("scheme", ["", "https://"])
@pytest.mark.parametrize("known", ["both", "the second"])
async def test_text_with_a_second_link(database_url: str, tmp_path: Path, scheme: str, known: str) -> None:
    """A text that catalogues could read as different links is refused, whichever hosts the API knows."""
    providers = with_evil(tmp_path / "providers") if known == "both" else None
    async with run_service(database_url, tmp_path, providers_dir=providers) as service:
        caller = await service.caller()
        victim = f"https://bulk.lab.test/pay-{uuid4().hex}"
        refused = await caller.resolve(f"{scheme}evil.test/x?u=https%3A%2F%2Fattacker.example%2F {victim}")
        assert (refused.status, refused.body["code"]) == (422, "unsupported_link")
        assert "several links" in refused.body["detail"]
        assert await service.pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_workers_resolve_the_canonical_url(database_url: str, tmp_path: Path) -> None:
    """A worker resolves the URL that the API read, although the text of the job names another link."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        victim = f"https://bulk.lab.test/pay-{uuid4().hex}"
        target = victim.replace("https://bulk.lab.test", "https://example.com/landing")
        job_id = (await caller.resolve(victim)).body["job_id"]
        await service.pool.execute("UPDATE jobs SET url = 'https://bulk.lab.test/attack'")
        async with worker(service):
            job = await caller.finished(job_id)
        assert (job["status"], job["target_url"]) == ("done", target)
        assert await cached(service, victim) == target
        assert (await caller.resolve(victim)).body["target_url"] == target


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
