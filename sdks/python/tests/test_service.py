"""The scenarios of sdks/conformance/README.md against a real service."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import pytest

from conftest import Tenant, offers
from linkskipper_sdk import (
    AsyncLinkSkipper,
    ForbiddenScopeError,
    InvalidKeyError,
    JobFailedError,
    LinkRemovedError,
    LinkSkipper,
    Outcome,
    OutOfCreditsError,
    ProviderDownError,
    QueuedJob,
    QuotaExceededError,
    RateLimitedError,
    ResolvedLink,
    RetryPolicy,
    UnsupportedLinkError,
    WebhookVerificationError,
    verify_webhook,
)

AT_ONCE = RetryPolicy(max_retry_after=0)
BULK = 500


@pytest.fixture(scope="module")
def client(tenant: Tenant) -> Iterator[LinkSkipper]:
    """Provide a client with a key for everything."""
    with LinkSkipper(tenant.key("normal"), base_url=tenant.base_url) as client:
        yield client


def with_key(tenant: Tenant, name: str, **options: Any) -> LinkSkipper:
    """Return a client with another key."""
    return LinkSkipper(tenant.key(name), base_url=tenant.base_url, **options)


def wait_until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition, up to 20 seconds."""
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_cached(client: LinkSkipper, tenant: Tenant) -> None:
    """The second time a link comes from the cache, free."""
    first = client.resolve_and_wait(tenant.link("fast", name="cached"))
    second = client.resolve(tenant.link("fast", name="cached"))
    assert first.target_url == second.target_url == tenant.link("fast_target", name="cached")  # type: ignore[union-attr]
    assert (first.cached, first.credits_charged) == (False, 1)
    assert isinstance(second, ResolvedLink)
    assert (second.cached, second.credits_charged, second.job_id) == (True, 0, None)
    assert second.meta.request_id
    assert second.meta.rate_limit.minute is not None


def test_queued(client: LinkSkipper, tenant: Tenant) -> None:
    """A queued job is waited for, and listed with its link."""
    link = tenant.link("slow", seconds=1, name="queued")
    queued = client.resolve(link)
    assert isinstance(queued, QueuedJob)
    assert client.wait_for_job(queued.job_id).target_url == tenant.link("slow_target", name="queued")
    job = client.get_job(queued.job_id, trace=True)
    assert (job.status, job.reason) == ("done", None)
    assert job.trace


def test_failed_with_reason(client: LinkSkipper, tenant: Tenant) -> None:
    """A failed job says why, and which way it went."""
    with pytest.raises(JobFailedError) as failure:
        client.resolve_and_wait(tenant.link("captcha"))
    assert (failure.value.reason, failure.value.stop_reason) == ("resolve_failed", "captcha_required")
    assert failure.value.trace
    assert failure.value.job_id


def test_out_of_credits(tenant: Tenant) -> None:
    """An account without credits is told its balance."""
    with with_key(tenant, "poor") as client, pytest.raises(OutOfCreditsError) as failure:
        client.resolve_and_wait(tenant.link("fast", name="poor"))
    assert failure.value.balance == 0


def test_forbidden_scope(tenant: Tenant) -> None:
    """A key without the scope may read all the same."""
    with with_key(tenant, "no_scope") as client:
        with pytest.raises(ForbiddenScopeError):
            client.resolve(tenant.link("fast", name="forbidden"))
        assert client.account().balance > 0


def test_invalid_key(tenant: Tenant) -> None:
    """A revoked key is refused, with the request's id."""
    with with_key(tenant, "revoked") as client, pytest.raises(InvalidKeyError) as failure:
        client.account()
    assert failure.value.request_id


def test_removed(client: LinkSkipper, tenant: Tenant) -> None:
    """A removed link is known as such."""
    with pytest.raises(LinkRemovedError):
        client.resolve_and_wait(tenant.link("removed"))


def test_unsupported(client: LinkSkipper, tenant: Tenant) -> None:
    """A link of nobody is refused, and has no provider."""
    with pytest.raises(UnsupportedLinkError):
        client.resolve_and_wait(tenant.link("unsupported"))
    assert client.provider_for(tenant.link("unsupported")) is None
    provider = client.provider_for(tenant.link("captcha"))
    assert provider is not None
    assert provider.provider == "lab-gate"


def test_rate_limited(tenant: Tenant) -> None:
    """The fourth call of three a minute is refused at once where no waiting is wanted."""
    with with_key(tenant, "limited", retry=AT_ONCE) as client:
        for _ in range(3):
            client.account()
        with pytest.raises(RateLimitedError) as failure:
            client.account()
    assert 1 <= (failure.value.retry_after or 0) <= 60
    assert failure.value.meta is not None
    assert failure.value.meta.rate_limit.minute is not None
    assert failure.value.meta.rate_limit.minute.remaining == 0


def test_quota_exceeded(tenant: Tenant) -> None:
    """The third link of two a day is refused at once: no retry waits for midnight."""
    with with_key(tenant, "quota") as client:
        for number in range(2):
            client.resolve_and_wait(tenant.link("fast", name=f"quota-{number}"))
        began = time.monotonic()
        with pytest.raises(QuotaExceededError):
            client.resolve_and_wait(tenant.link("fast", name="quota-2"))
        assert time.monotonic() - began < 30


def test_provider_off(client: LinkSkipper, tenant: Tenant) -> None:
    """A link of a provider that is switched off is refused at once where no waiting is wanted."""
    with pytest.raises(ProviderDownError) as failure:
        client.resolve_and_wait(tenant.link("switched_off"), retry=AT_ONCE)
    assert failure.value.retry_after


def test_held_long_poll(client: LinkSkipper, tenant: Tenant) -> None:
    """A link of 3 s takes one call: the service holds the answer."""
    link = client.resolve_and_wait(tenant.link("slow", seconds=3, name="held"))
    assert link.target_url == tenant.link("slow_target", name="held")
    assert link.meta.attempts == 1
    assert link.meta.status == 200
    assert "url" in link.raw, "it came with the POST itself"


def test_connection_cut(tenant: Tenant) -> None:
    """A wait survives a cut connection, and the account pays once."""
    with LinkSkipper(tenant.key("normal"), base_url=tenant.facts["proxy_url"]) as client:
        link = tenant.link("slow", seconds=3, name="cut")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.resolve_and_wait, link, idempotency_key=tenant.facts["token"])
            time.sleep(1)
            assert tenant.tell("POST", "/cut")["cut"] >= 1
            resolved = waiting.result()
        assert resolved.target_url == tenant.link("slow_target", name="cut")
        assert resolved.credits_charged == 1


@pytest.mark.skipif(not offers("/v1/jobs"), reason="this version of the service does not list jobs")
def test_jobs(client: LinkSkipper, tenant: Tenant) -> None:
    """The jobs of the key are listed over several pages, newest first."""
    for number in range(5):
        client.resolve_and_wait(tenant.link("fast", name=f"jobs-{number}"))
    listed = [job.url for job in islice(client.jobs(page_size=2), 5)]
    assert listed == [tenant.link("fast", name=f"jobs-{number}") for number in reversed(range(5))]


def test_service_restarted(client: LinkSkipper, tenant: Tenant) -> None:
    """A wait survives a restart of the service."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.resolve_and_wait, tenant.link("slow", seconds=4, name="restart"))
        time.sleep(1)
        tenant.tell("POST", "/restart")
        assert waiting.result().target_url == tenant.link("slow_target", name="restart")


def test_webhook_and_redelivery(client: LinkSkipper, tenant: Tenant) -> None:
    """A webhook arrives, is verified, listed, and sent again with the same id."""
    url = tenant.facts["webhook_url"]
    path = url.removeprefix("https://hook.example")
    secret = tenant.facts["keys"]["normal"]["webhook_secret"]
    resolved = client.resolve_and_wait(tenant.link("fast", name="webhook"), webhook_url=url)
    (webhook,) = tenant.tell("GET", "/webhooks", path=path)["webhooks"]
    event = verify_webhook(webhook["body"], webhook["headers"], secret)
    assert (event.job_id, event.target_url, event.is_done) == (resolved.job_id, resolved.target_url, True)
    with pytest.raises(WebhookVerificationError):
        verify_webhook(webhook["body"], webhook["headers"], tenant.facts["keys"]["bulk"]["webhook_secret"])

    assert event.webhook_id is not None
    delivery = next(item for item in client.webhooks.deliveries() if item.id == event.webhook_id)
    assert (delivery.url, delivery.job_id) == (url, resolved.job_id)
    assert client.webhooks.delivery(delivery.id).payload.target_url == resolved.target_url
    # The service records the attempt after the receiver has it.
    assert wait_until(lambda: client.webhooks.delivery(delivery.id).delivery.status == "delivered")
    assert client.webhooks.redeliver(delivery.id).id == delivery.id
    _, again = tenant.tell("GET", "/webhooks", path=path, count=2)["webhooks"]
    assert verify_webhook(again["body"], again["headers"], secret).webhook_id == event.webhook_id
    assert client.webhooks.delivery(delivery.id).attempts


def test_the_async_client(tenant: Tenant) -> None:
    """The async client resolves many links, and cancelling a wait ends it at once."""

    async def use() -> None:
        async with AsyncLinkSkipper(tenant.key("normal"), base_url=tenant.base_url) as client:
            links = [tenant.link("fast", name=f"async-{number}") for number in range(30)]
            outcomes = [outcome async for outcome in client.resolve_many(links)]
            assert sorted(outcome.index for outcome in outcomes) == list(range(30))
            assert all(outcome.link for outcome in outcomes)
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await client.resolve_and_wait(tenant.link("slow", seconds=30, name="cancelled"))
            assert time.monotonic() - began < 10

    asyncio.run(use())


def test_a_run_that_is_left_early(client: LinkSkipper, tenant: Tenant) -> None:
    """Leaving the loop ends the run: its threads end after their requests, and no further link is sent."""
    taken = []

    def links() -> Iterator[str]:
        for number in range(1000):
            taken.append(number)
            yield tenant.link("fast", name=f"left-{number}")

    for _ in client.resolve_many(links(), concurrency=4):
        break
    assert len(taken) <= 16
    assert wait_until(lambda: not any(thread.name == "linkskipper-sdk" for thread in threading.enumerate()))


def test_bulk_under_a_limit(tenant: Tenant) -> None:
    """All of 500 links are resolved although the limit was used up at first.

    The slow link is under way when the limit is raised, and its answer tells the run that it may go on.
    """
    links = [tenant.link("slow", seconds=8, name="bulk-0")]
    links += [tenant.link("fast", name=f"bulk-{number}") for number in range(1, BULK)]
    outcomes: list[Outcome] = []
    with LinkSkipper(tenant.key("bulk"), base_url=tenant.base_url) as client:
        for outcome in client.resolve_many(links, batch="scenario"):
            if not outcomes:
                tenant.tell("POST", "/limit", key_id=tenant.facts["keys"]["bulk"]["id"], rate_limit=100_000)
            outcomes.append(outcome)
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    targets = {outcome.index: outcome.link.target_url for outcome in outcomes if outcome.link}
    assert targets[0] == tenant.link("slow_target", name="bulk-0")
    assert all(targets[number] == tenant.link("fast_target", name=f"bulk-{number}") for number in range(1, BULK))
