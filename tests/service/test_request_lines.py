"""One log line for each request and for each job."""

from pathlib import Path
from typing import Any

from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from support.service import Caller, fresh_link, run_service


async def logged(database_url: str, folder: Path, **options: Any) -> tuple[Caller, str, str, list[Any]]:
    """Resolve a link. Return its client, the link, the id of its job, and the lines meanwhile."""
    async with run_service(database_url, folder, **options) as service:
        caller = await service.caller()
        link = fresh_link()
        with capture_logs(processors=[merge_contextvars]) as lines:
            job_id = (await caller.resolve(link, headers={"X-Request-Id": "mine"})).body["job_id"]
            assert (await caller.finished(job_id))["status"] == "done"
            assert (await caller.get("/v1/jobs/unknown?secret=1")).status == 404
        return caller, link, job_id, lines


async def test_lines(database_url: str, tmp_path: Path) -> None:
    """The lines of a request and of its job have the same ids, and hold neither the link nor the key nor the query."""
    caller, link, job_id, lines = await logged(database_url, tmp_path, log_requests=True)
    answered = [line for line in lines if line["event"] == "api.answered"]
    submitted = {"method": "POST", "route": "/v1/resolve", "status": 202, "code": None, "key_id": caller.key_id}
    assert answered[0].items() >= {**submitted, "job_id": job_id, "request_id": "mine"}.items()
    assert answered[0]["milliseconds"] > 0
    refused = {"method": "GET", "route": "/v1/jobs/{job_id}", "status": 404, "code": "not_found", "job_id": None}
    assert answered[-1].items() >= {**refused, "key_id": caller.key_id}.items()
    (ended,) = [line for line in lines if line["event"] == "job.ended"]
    assert ended.items() >= {"job_id": job_id, "key_id": caller.key_id, "status": "done", "reason": None}.items()
    for secret in (link, caller.key, "secret"):
        assert secret not in str(lines)


async def test_no_lines_unless_asked_for(database_url: str, tmp_path: Path) -> None:
    """The lines are off by default."""
    _, _, _, lines = await logged(database_url, tmp_path)
    assert not {"api.answered", "job.ended"} & {line["event"] for line in lines}
