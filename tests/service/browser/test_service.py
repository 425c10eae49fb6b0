"""Links that need a browser, through the API: with a browser, and on a machine that has none."""

from pathlib import Path

import pytest

from support.service import Service, run_service

COUNTDOWN = "https://interstitial.lab.test/countdown"


async def test_a_job(service: Service) -> None:
    """The browser waits for a countdown and clicks. The job costs what its tier costs, and lists its hops."""
    caller = await service.caller(credits=10)
    answer = await caller.resolve(COUNTDOWN)
    job = await caller.finished(answer.body["job_id"])
    assert (job["status"], job["target_url"]) == ("done", "https://example.com/interstitial/countdown")
    assert (job["credits_charged"], job["balance"], job["tier"]) == (2, 8, "premium")
    assert [hop["mechanism"] for hop in job["trace"]] == ["click", "location-header"]


async def test_without_a_browser(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a browser, links that need one are refused at once as `provider_down`. Other links are accepted."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    async with run_service(database_url, tmp_path) as service:
        caller = await service.caller()
        refused = await caller.resolve(COUNTDOWN)
        assert (refused.status, refused.body["code"]) == (503, "provider_down")
        assert "needs a browser" in refused.body["detail"]
        assert int(refused.headers["retry-after"]) >= 1
        listed = {each["provider"]: each["status"] for each in (await caller.get("/v1/providers")).body["providers"]}
        assert (listed["lab-interstitial"], listed["lab-redirect"]) == ("down", "up")
        assert (await caller.resolve("https://redirect.lab.test/301", wait=20)).status == 200
