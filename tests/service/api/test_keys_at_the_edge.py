"""Who may call, how often, and what the responses say about it."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from linkskipper.accounts import revoke_key, tokens
from linkskipper.api.rate_limits import InMemoryRateLimiter
from support.service import Caller, Service, fresh_link, run_service


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer sk_live_x", "Basic eDp5", "{unknown}"])
async def test_no_valid_key(service: Service, authorization: str | None) -> None:
    """Missing, malformed and unknown keys get the same response, with WWW-Authenticate."""
    shown = None if authorization is None else authorization.format(unknown=f"Bearer {tokens.new_key()}")
    headers = {} if shown is None else {"Authorization": shown}
    bodies = []
    for method, path in [("POST", "/v1/resolve"), ("GET", "/v1/account"), ("GET", "/v1/jobs/x")]:
        async with service.session.request(method, path, headers=headers) as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert "RateLimit" not in response.headers
            bodies.append(await response.json(content_type="application/problem+json"))
    assert bodies[0]["code"] == "invalid_key"
    assert bodies[0] == bodies[1] == bodies[2]


async def test_revoked_key(service: Service) -> None:
    """A revoked key gets the answer of an unknown one."""
    caller = await service.caller()
    await revoke_key(service.pool, caller.key_id)
    assert (await caller.get("/v1/account")).status == 401


async def test_guessing_is_slowed(database_url: str, tmp_path: Path) -> None:
    """After many unknown keys from one address, further ones must wait. Valid keys, used before or new, need not."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        assert (await caller.get("/v1/account")).status == 200
        guesser = Caller(service.session, 0, 0, "")
        statuses = []
        for _ in range(31):
            answer = await replace(guesser, key=tokens.new_key()).get("/v1/account")
            statuses.append(answer.status)
        assert statuses == [401] * 30 + [429]
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert (await caller.get("/v1/account")).status == 200
        assert (await (await service.caller()).get("/v1/account")).status == 200
        assert (await replace(guesser, key="garbage").get("/v1/account")).status == 401


def window(headers: dict[str, str], name: str = "minute") -> tuple[int, int, int]:
    """Return the limit, the remaining calls and the reset seconds of a window, from the response's headers."""
    policy = re.search(rf'"{name}";q=(\d+);w=\d+', headers["ratelimit-policy"])
    state = re.search(rf'"{name}";r=(\d+);t=(\d+)', headers["ratelimit"])
    assert policy is not None
    assert state is not None
    return int(policy[1]), int(state[1]), int(state[2])


async def test_minute_limit(service: Service) -> None:
    """All calls of a key count, also reads. Over the limit, a call gets 429 with a Retry-After."""
    caller = await service.caller(rate_limit=3)
    for remaining in (2, 1, 0):
        answer = await caller.get("/v1/account")
        limit, left, reset = window(answer.headers)
        assert (answer.status, limit, left) == (200, 3, remaining)
        assert 1 <= reset <= 60
    for call in (caller.get("/v1/providers"), caller.resolve(fresh_link()), caller.get("/v1/jobs/x")):
        refused = await call
        assert (refused.status, refused.body["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert window(refused.headers)[1] == 0


async def test_limits_are_each_keys_own(service: Service) -> None:
    """One key's calls do not count for another key of the same account."""
    first = await service.caller(rate_limit=1)
    second = await service.caller(rate_limit=1, account_id=first.account_id)
    assert (await first.get("/v1/account")).status == 200
    assert (await second.get("/v1/account")).status == 200


async def used(service: Service, caller: Caller) -> int:
    accepted: int | None = await service.pool.fetchval(
        "SELECT accepted FROM daily_usage WHERE key_id = $1", caller.key_id
    )
    return accepted or 0


async def test_daily_quota(service: Service) -> None:
    """Accepted resolves count, also cached ones. Refusals and replays do not. Cached responses need no quota left."""
    caller = await service.caller(daily_quota=3)
    link = fresh_link()
    first = await caller.resolve(link, wait=10, idempotency_key="one")
    assert (first.status, window(first.headers, "daily")[:2]) == (200, (3, 2))
    replay = await caller.resolve(link, idempotency_key="one")
    assert (replay.status, window(replay.headers, "daily")[:2]) == (200, (3, 2))
    assert (await caller.resolve("https://example.com/")).status == 422
    assert await used(service, caller) == 1
    assert (await caller.resolve(link)).body["cached"] is True
    assert (await caller.resolve(fresh_link())).status == 202
    assert await used(service, caller) == 3
    refused = await caller.resolve(fresh_link())
    assert (refused.status, refused.body["code"]) == (429, "quota_exceeded")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert window(refused.headers, "daily")[:2] == (3, 0)
    assert (await caller.resolve(link)).body["cached"] is True


async def test_a_quota_that_others_use_up_meanwhile(service: Service) -> None:
    """Requests that come together and are refused by the quota show that nothing is left of it."""
    caller = await service.caller(daily_quota=1)
    answers = await asyncio.gather(*(caller.resolve(fresh_link()) for _ in range(8)))
    refused = [answer for answer in answers if answer.status == 429]
    assert len(refused) == 7
    assert {window(answer.headers, "daily")[:2] for answer in refused} == {(1, 0)}


async def test_quota_is_not_used_by_what_cannot_be_paid(service: Service) -> None:
    """A resolve that is refused for lack of credits does not use up the quota."""
    caller = await service.caller(daily_quota=5, credits=0)
    refused = await caller.resolve(fresh_link())
    assert (refused.status, refused.body["code"], refused.body["balance"]) == (402, "out_of_credits", 0)
    assert await used(service, caller) == 0


class Clock:
    """A clock that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


async def test_retry_after_is_true() -> None:
    """A caller that waits as long as Retry-After says is allowed. One that waits a second less is refused."""
    clock = Clock()
    windows = InMemoryRateLimiter(clock=clock)
    for second in (0.0, 10.5, 20.0):
        clock.now = 1000.0 + second
        assert (await windows.hit("caller", 3)).allowed
    refused = await windows.hit("caller", 3)
    assert (refused.allowed, refused.reset_seconds) == (False, 40)
    clock.now += refused.reset_seconds - 1
    assert not (await windows.hit("caller", 3)).allowed
    clock.now += 1
    assert (await windows.hit("caller", 3)).allowed
    refused = await windows.hit("caller", 3)
    assert refused.reset_seconds == 11


async def test_any_sixty_seconds() -> None:
    """No 60 seconds hold more calls than the limit, wherever they begin. The limit itself is reached in each minute."""
    clock = Clock()
    windows = InMemoryRateLimiter(clock=clock)
    allowed = []
    for step in range(2000):
        clock.now = 1000.0 + step / 7
        if (await windows.hit("caller", 10)).allowed:
            allowed.append(clock.now)
    assert all(later - earlier >= 60 for earlier, later in zip(allowed, allowed[10:], strict=False))
    assert len(allowed) == 50


async def test_silent_callers_are_forgotten() -> None:
    """The memory depends on the callers of the last minutes, not on all callers ever."""
    clock = Clock()
    windows = InMemoryRateLimiter(clock=clock)
    for caller in range(1000):
        await windows.hit(caller, 10)
    clock.now += 121
    await windows.hit("new", 10)
    assert list(windows._calls) == ["new"]
