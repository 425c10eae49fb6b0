"""The four endpoints, as clients of the hosted API know them."""

import asyncio
import re
from uuid import UUID, uuid4

import pytest

from support.factories import set_profile
from support.service import Answer, Service, fresh_link

LANDING = "https://example.com/landing/"


def token(url: str) -> str:
    return url.rpartition("/")[2]


def problem(answer: Answer, status: int, code: str, title: str) -> str:
    """Check that the response is a problem document. Return its detail."""
    assert (answer.status, answer.body["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.body["code"], answer.body["title"]) == (code, title)
    assert answer.body["type"].endswith(f"#{code}")
    assert set(answer.body) - {"balance"} == {"type", "title", "status", "code", "detail"}
    detail: str = answer.body["detail"]
    return detail


async def test_a_link_from_post_to_done(service: Service) -> None:
    """A link is queued, polled, done and charged once. Later requests get it from the cache, free of charge."""
    caller = await service.caller(credits=5)
    url = fresh_link()
    queued = await caller.resolve(url)
    job_id = queued.body["job_id"]
    assert queued.status == 202
    assert queued.body == {
        "job_id": str(UUID(job_id)),
        "status": "queued",
        "queue_position": queued.body["queue_position"],
        "poll_url": f"/v1/jobs/{job_id}",
    }
    assert isinstance(queued.body["queue_position"], int)
    assert queued.headers["location"] == f"/v1/jobs/{job_id}"
    await caller.finished(job_id)
    job = await caller.get(f"/v1/jobs/{job_id}")
    target = LANDING + token(url)
    assert job.status == 200
    assert job.body == {
        "job_id": job_id,
        "status": "done",
        "target_url": target,
        "provider": "lab-bulk",
        "tier": "standard",
        "credits_charged": 1,
        "balance": 4,
    }
    cached = await caller.resolve(url)
    assert cached.status == 200
    assert cached.body == {
        "job_id": None,
        "status": "done",
        "url": url,
        "target_url": target,
        "provider": "lab-bulk",
        "tier": "standard",
        "credits_charged": 0,
        "cached": True,
        "balance": 4,
    }


async def test_a_failed_job_costs_nothing(service: Service) -> None:
    """A failed job has the error resolve_failed, no target and no charge. Its trace says why, on request."""
    caller = await service.caller(credits=5)
    queued = await caller.resolve(f"https://impatient.lab.test/20/{uuid4().hex}")
    traced = await caller.finished(queued.body["job_id"])
    assert traced["reason"] == "timeout"
    assert traced["trace"][0]["url"].startswith("https://impatient.lab.test/20/")
    job = await caller.get(queued.body["poll_url"])
    assert job.body == {
        "job_id": queued.body["job_id"],
        "status": "failed",
        "error": "resolve_failed",
        "credits_charged": 0,
        "balance": 5,
    }


async def test_removed_link_is_remembered(service: Service) -> None:
    """The first request finds that the link is removed, and costs nothing. Later requests get 410 at once."""
    caller = await service.caller(credits=5)
    url = next(link.url for link in service.lab.links if link.reason == "link_removed")
    first = await caller.resolve(url)
    if first.status == 202:
        assert (await caller.finished(first.body["job_id"]))["reason"] == "link_removed"
    problem(await caller.resolve(url), 410, "link_removed", "Link removed")
    assert (await caller.get("/v1/account")).body["balance"] == 5


async def test_premium_costs_two(service: Service) -> None:
    """The job names the premium tier, and costs what its provider says."""
    caller = await service.caller(credits=5)
    queued = await caller.resolve(f"https://premium.lab.test/0/{uuid4().hex}")
    job = await caller.finished(queued.body["job_id"])
    assert (job["tier"], job["credits_charged"], job["balance"]) == ("premium", 2, 3)


async def test_wait_holds_the_answer(service: Service) -> None:
    """?wait= gives the 200 body with the job's id if the job is done in time, and the 202 body otherwise."""
    caller = await service.caller(credits=5)
    url = fresh_link()
    done = await caller.resolve(url, wait=10)
    assert done.status == 200
    assert (done.body["cached"], done.body["credits_charged"], done.body["balance"]) == (False, 1, 4)
    assert done.body["url"] == url
    assert UUID(done.body["job_id"])
    slow = await caller.resolve(f"https://slow.lab.test/3/{uuid4().hex}", wait=0.1)
    assert (slow.status, slow.body["status"]) == (202, "queued")
    waited = await caller.get(slow.body["poll_url"], params={"wait": "0.1"})
    assert waited.body["status"] in {"queued", "running"}
    failed = await caller.resolve(f"https://impatient.lab.test/20/{uuid4().hex}", wait=10)
    assert (failed.status, failed.body["status"]) == (202, "queued")


@pytest.mark.parametrize("wait", ["-1", "60.1", "x", "nan"])
async def test_wait_has_limits(service: Service, wait: str) -> None:
    """?wait= takes 0 to 60 seconds."""
    caller = await service.caller()
    for path in ("/v1/resolve", f"/v1/jobs/{uuid4()}"):
        method = "POST" if path == "/v1/resolve" else "GET"
        answer = await caller.call(method, path, params={"wait": wait}, data=b'{"url": "https://bulk.lab.test/x"}')
        assert "wait" in problem(answer, 400, "invalid_request", "Invalid request")


async def test_account(service: Service) -> None:
    """The account has four members, one of which is a short list of the providers."""
    caller = await service.caller(credits=5)
    answer = await caller.get("/v1/account")
    assert answer.status == 200
    assert {**answer.body, "providers": None} == {
        "telegram_id": None,
        "balance": 5,
        "subscription_until": None,
        "providers": None,
    }
    assert {"provider": "lab-bulk", "label": "Lab: bulk", "tier": "standard"} in answer.body["providers"]
    await set_profile(service.pool, caller.account_id, telegram_id=77, subscription_until="2026-06-05 14:00:00.0004+02")
    answer = await caller.get("/v1/account")
    assert (answer.body["telegram_id"], answer.body["subscription_until"]) == (77, "2026-06-05T12:00:00.000Z")


async def test_providers(service: Service) -> None:
    """Each provider has its seven members, with the types and values that clients expect."""
    caller = await service.caller()
    answer = await caller.get("/v1/providers")
    assert list(answer.body) == ["providers"]
    for each in answer.body["providers"]:
        assert set(each) == {"provider", "label", "hosts", "tier", "resolve_cost", "latency", "status"}
        assert each["resolve_cost"] == {"standard": 1, "premium": 2}[each["tier"]]
        assert each["status"] in {"up", "degraded", "down"}
        assert isinstance(each["latency"], str)
        assert all(isinstance(host, str) for host in each["hosts"])
    assert {each["provider"] for each in answer.body["providers"]} >= {"bitly", "generic", "lab-bulk"}


@pytest.mark.parametrize("job_id", ["{other}", "{unknown}", "x", "%00", "{upper}x", "..", "{braced}"])
async def test_jobs_of_others_and_of_nobody_look_alike(service: Service, job_id: str) -> None:
    """An unknown job, a malformed id and another key's job get 404 not_found."""
    caller, other = await service.caller(), await service.caller()
    theirs = (await other.resolve(fresh_link())).body["job_id"]
    shown = job_id.format(other=theirs, unknown=uuid4(), upper=theirs.upper(), braced=f"{{{theirs}}}")
    problem(await caller.get(f"/v1/jobs/{shown}"), 404, "not_found", "Not found")


async def test_only_resolve_needs_the_scope(service: Service) -> None:
    """A key without scopes can read everything, and cannot resolve links."""
    caller = await service.caller(scopes=())
    problem(await caller.resolve(fresh_link()), 403, "forbidden_scope", "Forbidden scope")
    for path in ("/v1/account", "/v1/providers"):
        assert (await caller.get(path)).status == 200


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hello",
        "https://",
        "https://example.com/page",
        "https://bulk.lab.test.example.com/x",
        "https://xbulk.lab.test/x",
        "ftp://bulk.lab.test/x",
        "javascript:alert(1)",
        "magnet:?xt=urn:btih:abc",
        "https://bit.ly/",
        "https://bit.ly",
        "http://127.0.0.1/x",
        "http://127.0.0.1\\@bit.ly/x",
        "https://user:password@bit.ly/x",
        "https://bit.ly:8080/x",
        "https://su.pr/abc",
    ],
)
async def test_what_is_no_link_is_422_or_400(service: Service, url: str) -> None:
    """Texts that are not a supported link are refused at once, and nothing is charged."""
    caller = await service.caller(credits=5)
    answer = await caller.resolve(url)
    if url:
        problem(answer, 422, "unsupported_link", "Unsupported link")
    else:
        problem(answer, 400, "invalid_request", "Invalid request")
    assert (await caller.get("/v1/account")).body["balance"] == 5
    assert await service.pool.fetchval("SELECT held FROM accounts WHERE id = $1", caller.account_id) == 0


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"", ["not JSON"]),
        (b"{", ["not JSON"]),
        (b"\xff", ["not JSON"]),
        (b"[]", ["JSON object"]),
        (b"null", ["JSON object"]),
        (b'"https://bit.ly/x"', ["JSON object"]),
        (b"{}", ["url: missing"]),
        (b'{"url": 7}', ["url: Expected `str`"]),
        (b'{"url": null}', ["url: Expected `str`"]),
        (b'{"url": ["x"], "wait": 1, "idempotency_key": 5}', ["url:", "wait: unknown", "idempotency_key:"]),
        (b'{"url": "https://bulk.lab.test/\\u0000"}', ["url: holds a NUL"]),
        (b'{"url": "https://bulk.lab.test/\\ud800"}', ["not JSON"]),
        (b'{"url": "https://bulk.lab.test/x", "idempotency_key": "\\u0000"}', ["idempotency_key: holds a NUL"]),
        (b'{"url": "https://bulk.lab.test/x", "idempotency_key": ""}', ["idempotency_key:"]),
        (b'{"url": "https://bulk.lab.test/x", "idempotency_key": "' + 129 * b"k" + b'"}', ["idempotency_key:"]),
        (b'{"url": "https://bulk.lab.test/x", "webhook_url": ""}', ["webhook_url:"]),
        (
            b'{"url": 7, "x": 1, "idempotency_key": "\\u0000", "webhook_url": "https://10.0.0.1/"}',
            ["url: Expected", "x: unknown", "idempotency_key: holds a NUL", "webhook_url: must be a public"],
        ),
        (b'{"webhook_url": "http://a.example/"}', ["url: missing", "webhook_url: must be a public"]),
        (b'{"webhook_url": "https://' + 2048 * b"x" + b'"}', ["url: missing", "webhook_url: Expected `str` of length"]),
        (b'{"url": "https://bulk.lab.test/' + 2048 * b"x" + b'"}', ["url: Expected `str` of length <= 2048"]),
        (b'{"url": "' + 1_000_000 * b"x" + b'"}', ["body is larger"]),
        (10_000 * b"[", ["not JSON"]),
    ],
)
async def test_bad_bodies(service: Service, body: bytes, wrong: list[str]) -> None:
    """One response has a message for each fault of the body. The request leaves nothing behind."""
    caller = await service.caller()
    detail = problem(await caller.call("POST", "/v1/resolve", data=body), 400, "invalid_request", "Invalid request")
    for message in wrong:
        assert message in detail


async def test_lengths_are_exact(service: Service) -> None:
    """A URL of 2048 characters and an idempotency key of 128 are accepted. One more character is refused."""
    caller = await service.caller()
    longest = fresh_link()
    longest += (2048 - len(longest)) * "x"
    assert (await caller.resolve(longest, idempotency_key=128 * "k")).status == 202
    assert (await caller.resolve(longest + "x")).status == 400
    key = {"Idempotency-Key": 129 * "k"}
    assert "Idempotency-Key" in problem(
        await caller.resolve(fresh_link(), headers=key), 400, "invalid_request", "Invalid request"
    )
    assert (await caller.resolve(fresh_link(), headers=key, idempotency_key="mine")).status == 400
    wide = f"https://bulk.lab.test/{uuid4().hex}/"
    wide += (2048 - len(wide)) * "𝒳"
    assert (await caller.resolve(wide)).status == 202


@pytest.mark.parametrize(
    "webhook_url",
    [
        "http://example.com/hook",
        "https://localhost/hook",
        "https://a.localhost/hook",
        "https://db.internal/hook",
        "https://127.0.0.1/hook",
        "https://0x7f000001/hook",
        "https://[::1]/hook",
        "https://10.1.2.3/hook",
        "https://169.254.169.254/latest",
        "https://example.com:22/hook",
        "https://user@example.com/hook",
        "hook",
        "https://example.com/" + 2029 * "x",
    ],
)
async def test_webhook_urls_are_public_https(service: Service, webhook_url: str) -> None:
    """Anything else is refused at validation."""
    caller = await service.caller()
    answer = await caller.resolve(fresh_link(), webhook_url=webhook_url)
    assert "webhook_url" in problem(answer, 400, "invalid_request", "Invalid request")


async def test_public_webhook_url_is_taken(service: Service) -> None:
    """A public HTTPS address of the greatest length is accepted."""
    caller = await service.caller()
    answer = await caller.resolve(fresh_link(), webhook_url="https://example.com/" + 2028 * "x")
    assert answer.status == 202


async def test_unknown_routes_and_methods(service: Service) -> None:
    """The framework's own errors come in the same form."""
    caller = await service.caller()
    for path in ("/", "/v1", "/v1/nothing", "/v1/job", "/v2/resolve", "/v1/jobs/a/b"):
        problem(await caller.get(path), 404, "not_found", "Not found")
    wrong = await caller.get("/v1/resolve")
    problem(wrong, 405, "method_not_allowed", "Method not allowed")
    assert "POST" in wrong.headers["allow"]


async def test_request_id(service: Service) -> None:
    """Every response has an id. It is the client's own if that is valid."""
    caller = await service.caller()
    mine = await caller.get("/v1/account", headers={"X-Request-Id": "my-id.1"})
    assert mine.headers["x-request-id"] == "my-id.1"
    made = await caller.get("/nothing", headers={"X-Request-Id": "<b>"})
    assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])


async def test_problem_types_lead_to_their_documentation(service: Service) -> None:
    """The type of a problem document is a page of this service with a section of that name."""
    caller = await service.caller()
    answer = await caller.get("/v1/nothing")
    page, _, fragment = answer.body["type"].partition("#")
    async with service.session.get(page.removeprefix(service.url)) as response:
        assert response.status == 200
        assert f'id="{fragment}"' in await response.text()


async def test_health(service: Service) -> None:
    """The service is alive at once, and ready when the workers serve their queues."""
    async with service.session.get("/healthz") as response:
        assert response.status == 200
    async with asyncio.timeout(20), service.session.get("/readyz") as response:
        assert (response.status, await response.text()) == (200, "ok\n")


@pytest.mark.parametrize("path", ["/v1/account", "/v1/providers", "/healthz", "/docs"])
async def test_head_is_get_without_the_body(service: Service, path: str) -> None:
    """HEAD is answered wherever GET is, with the same status and type and no body (RFC 9110, 9.3.2)."""
    caller = await service.caller()
    headers = {"Authorization": f"Bearer {caller.key}"}
    async with service.session.get(path, headers=headers) as got:
        body = await got.read()
    async with service.session.head(path, headers=headers) as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, got.content_type, b"")
        assert answer.headers["Content-Length"] == str(len(body))
    async with service.session.post(path, headers=headers) as wrong:
        assert (wrong.status, set(wrong.headers["Allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS"})
