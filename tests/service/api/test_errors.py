"""Every error code, as clients get it. A crash and an absent database are among them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from linkskipper.database import EmbeddedServer
from linkskipper.errors import ApiError
from linkskipper.service.migrate import migrate
from support.service import Answer, Service, fresh_link, run_service

Scenario = Callable[[Service], Awaitable[Answer]]

ELSEWHERE = {"internal_error", "service_unavailable", "provider_down"}
"""Codes whose tests need more than one call: below, and with the providers' circuits."""


async def invalid_request(service: Service) -> Answer:
    return await (await service.caller()).resolve(None)


async def invalid_key(service: Service) -> Answer:
    return await (await service.caller()).get("/v1/account", headers={"Authorization": "Bearer x"})


async def out_of_credits(service: Service) -> Answer:
    return await (await service.caller(credits=0)).resolve(fresh_link())


async def forbidden_scope(service: Service) -> Answer:
    return await (await service.caller(scopes=())).resolve(fresh_link())


async def not_found(service: Service) -> Answer:
    return await (await service.caller()).get(f"/v1/jobs/{uuid4()}")


async def method_not_allowed(service: Service) -> Answer:
    return await (await service.caller()).call("DELETE", "/v1/account")


async def link_removed(service: Service) -> Answer:
    url = next(link.url for link in service.lab.links if link.reason == "link_removed")
    caller = await service.caller()
    await caller.resolve(url, wait=10)
    return await caller.resolve(url)


async def unsupported_link(service: Service) -> Answer:
    return await (await service.caller()).resolve("https://example.com/page")


async def rate_limited(service: Service) -> Answer:
    caller = await service.caller(rate_limit=1)
    await caller.get("/v1/account")
    return await caller.get("/v1/account")


async def quota_exceeded(service: Service) -> Answer:
    caller = await service.caller(daily_quota=1)
    await caller.resolve(fresh_link())
    return await caller.resolve(fresh_link())


async def resolve_failed(service: Service) -> Answer:
    caller = await service.caller()
    link = next(link.url for link in service.lab.links if link.reason == "loop_detected")
    first = await caller.resolve(link, idempotency_key="fails")
    await caller.finished(first.body["job_id"])
    return await caller.resolve(fresh_link(), idempotency_key="fails")


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        invalid_request,
        invalid_key,
        out_of_credits,
        forbidden_scope,
        not_found,
        method_not_allowed,
        link_removed,
        unsupported_link,
        rate_limited,
        quota_exceeded,
        resolve_failed,
    )
}
TREE = {error.code: error for error in ApiError.__subclasses__()}
OWN_HEADERS = {"invalid_key": "www-authenticate", "method_not_allowed": "allow"} | dict.fromkeys(
    ("rate_limited", "quota_exceeded", "service_unavailable"), "retry-after"
)


def check(answer: Answer, code: str, base_url: str) -> None:
    """Check that the response is the whole problem document of this code, with its headers."""
    error = TREE[code]
    detail = answer.body.pop("detail")
    balance = {"balance": 0} if code == "out_of_credits" else {}
    shown = {"type": f"{base_url}/errors#{code}", "title": error.title, "status": error.status, "code": code}
    assert (answer.status, answer.body) == (error.status, shown | balance)
    assert detail
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]
    assert OWN_HEADERS.get(code, "x-request-id") in answer.headers
    assert ("retry-after" in answer.headers) == (OWN_HEADERS.get(code) == "retry-after")


def test_every_code_has_a_test() -> None:
    """A code that is added to the tree needs a scenario here."""
    assert set(SCENARIOS) | ELSEWHERE == set(TREE)


@pytest.mark.parametrize("code", SCENARIOS)
async def test_code(service: Service, code: str) -> None:
    """Each code occurs as the table says, with all its members (docs/reference/api.md, "Errors")."""
    check(await SCENARIOS[code](service), code, service.url)


async def test_crash(database_url: str, tmp_path: Path) -> None:
    """A crash gets a 500 response without internals. The log has them, and the rest of the service continues."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        await service.pool.execute("DROP TABLE idempotency_keys")
        with capture_logs() as logged:
            answer = await caller.resolve(fresh_link(), idempotency_key="any")
        assert "idempotency" not in str(answer.body)
        assert "Undefined" not in str(answer.body)
        check(answer, "internal_error", service.url)
        assert "api.crashed" in [line["event"] for line in logged]
        assert (await caller.get("/v1/account")).body["balance"] == 100


async def test_database_away(data_dir: Path, tmp_path: Path) -> None:
    """While the database is away, requests soon get 503 with Retry-After. Once it is back, the next call works."""
    server = EmbeddedServer(data_dir)
    url = server.join()
    await migrate(url)
    try:
        async with run_service(url, tmp_path, tiers=()) as service:
            caller = await service.caller()
            assert (await caller.get("/v1/account")).status == 200
            await asyncio.to_thread(server.leave)
            async with asyncio.timeout(20):
                answers = [await caller.get("/v1/account"), await caller.resolve(fresh_link())]
            for answer in answers:
                check(answer, "service_unavailable", service.url)
            await asyncio.to_thread(server.join)
            assert (await caller.get("/v1/account")).status == 200
    finally:
        server.leave()
