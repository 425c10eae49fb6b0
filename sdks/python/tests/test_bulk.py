"""The drivers of bulk runs: threads and tasks, slow consumers, odd sources, and failures of the HTTP client."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from linkskipper_sdk import AsyncLinkSkipper, LinkSkipper, Outcome

CONCURRENCY = 4
Collect = Callable[..., list[Outcome]]


def resolved(request: httpx2.Request) -> httpx2.Response:
    """Answer as if the link were in the cache."""
    url = json.loads(request.content)["url"]
    return httpx2.Response(
        200, json={"status": "done", "url": url, "target_url": f"{url}/target", "provider": "p", "tier": "standard"}
    )


def run_sync(urls: Any, handler: Any = resolved) -> list[Outcome]:
    """Resolve links with threads."""
    with httpx2.Client(transport=httpx2.MockTransport(handler)) as http:
        client = LinkSkipper("sk_live_x", http_client=http, sleeper=lambda _: None)
        return list(client.resolve_many(urls, concurrency=CONCURRENCY))


def run_async(urls: Any, handler: Any = resolved) -> list[Outcome]:
    """Resolve links with tasks."""

    async def collect() -> list[Outcome]:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(handler)) as http:
            client = AsyncLinkSkipper("sk_live_x", http_client=http)
            return [outcome async for outcome in client.resolve_many(urls, concurrency=CONCURRENCY)]

    return asyncio.run(collect())


@pytest.fixture(params=[run_sync, run_async], ids=["sync", "async"])
def collect(request: pytest.FixtureRequest) -> Collect:
    """Resolve links with threads or with tasks."""
    function: Collect = request.param
    return function


@pytest.mark.parametrize("count", [0, 1, CONCURRENCY, 1000])
def test_every_link_has_one_outcome(collect: Collect, count: int) -> None:
    """All links come back, whatever their number."""
    outcomes = collect(f"https://x/{number}" for number in range(count))
    assert sorted(outcome.index for outcome in outcomes) == list(range(count))
    assert all(outcome.link and outcome.link.target_url == f"{outcome.url}/target" for outcome in outcomes)


def test_links_are_pulled_in_the_thread_of_the_caller(collect: Collect) -> None:
    """A database cursor belongs to one thread."""
    threads = set()

    def links() -> Iterator[str]:
        for number in range(50):
            threads.add(threading.current_thread())
            yield f"https://x/{number}"

    assert len(collect(links())) == 50
    assert threads == {threading.current_thread()}


def test_a_source_that_fails(collect: Collect) -> None:
    """The error of the source reaches the caller."""

    def links() -> Iterator[str]:
        yield "https://x/1"
        raise LookupError("no more rows")

    with pytest.raises(LookupError, match="no more rows"):
        collect(links())


def test_an_http_client_that_fails(collect: Collect) -> None:
    """A fault that is not an HTTP failure reaches the caller, and does not hang the run."""

    def fail(_: httpx2.Request) -> httpx2.Response:
        raise ZeroDivisionError("a fault of the transport")

    with pytest.raises(ZeroDivisionError):
        collect([f"https://x/{number}" for number in range(20)], fail)


def test_a_slow_consumer_is_not_run_ahead_of() -> None:
    """Only a few links are taken while nobody takes outcomes."""
    taken: list[int] = []

    def links() -> Iterator[str]:
        for number in range(1000):
            taken.append(number)
            yield f"https://x/{number}"

    with httpx2.Client(transport=httpx2.MockTransport(resolved)) as http:
        run = LinkSkipper("sk_live_x", http_client=http).resolve_many(links(), concurrency=CONCURRENCY)
        next(run)
        time.sleep(0.2)
        assert len(taken) <= 4 * CONCURRENCY
        assert len(list(run)) == 999


def test_nothing_is_sent_before_the_first_outcome_is_asked_for() -> None:
    """A run that nobody iterates over does nothing."""
    requests: list[httpx2.Request] = []
    with httpx2.Client(transport=httpx2.MockTransport(requests.append)) as http:  # type: ignore[arg-type]
        LinkSkipper("sk_live_x", http_client=http).resolve_many(["https://x/1"])
    assert requests == []


def test_cancelling_an_async_run_cancels_its_requests() -> None:
    """Requests under way end with the task that consumes the run."""
    cancelled: list[str] = []

    async def hang(request: httpx2.Request) -> httpx2.Response:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(str(request.url))
            raise
        raise AssertionError

    async def consume() -> None:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(hang)) as http:
            client = AsyncLinkSkipper("sk_live_x", http_client=http)
            async with asyncio.timeout(0.2):
                async for _ in client.resolve_many([f"https://x/{number}" for number in range(20)], concurrency=4):
                    pass

    with pytest.raises(TimeoutError):
        asyncio.run(consume())
    assert len(cancelled) == CONCURRENCY
