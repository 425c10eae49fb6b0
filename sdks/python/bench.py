"""Measure resolve_many against a bare loop with httpx2 that sends the same, for bench/sdks.py. Prints lines of JSON.

Both send idempotency keys: they cost the service time, and here the client is measured.
"""

import asyncio
import json
import logging
import os
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2

from linkskipper_sdk import AsyncLinkSkipper, LinkSkipper

RESOLVE = "/v1/resolve?wait=25"
LINKS = 2000
CONCURRENCY = 8
ROUNDS = 5
WAIT_SECONDS = 12  # the service gives one page at most 15


def new_tenant() -> dict[str, Any]:
    """Return keys and links of the service that the fixture runs."""
    request = urllib.request.Request(  # noqa: S310  the fixture on loopback
        f"{os.environ['LINKSKIPPER_SDK_SERVICE']}/tenants", method="POST"
    )
    with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310  the fixture on loopback
        tenant: dict[str, Any] = json.load(response)
    return tenant


def body_of(link: str) -> dict[str, str]:
    """Return the body that the SDK sends for a link."""
    return {"url": link, "idempotency_key": os.urandom(16).hex()}


def sdk_rate(client: LinkSkipper, links: list[str]) -> float:
    """Return the links per second of resolve_many."""
    begin = time.perf_counter()
    done = sum(1 for outcome in client.resolve_many(links, concurrency=CONCURRENCY) if outcome.link)
    assert done == len(links)
    return done / (time.perf_counter() - begin)


def bare_rate(client: httpx2.Client, links: list[str]) -> float:
    """Return the links per second of threads that post and decode."""

    def resolve(link: str) -> str:
        answer: dict[str, Any] = client.post(RESOLVE, json=body_of(link)).json()
        return str(answer["target_url"])

    begin = time.perf_counter()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        done = sum(1 for _ in pool.map(resolve, links))
    return done / (time.perf_counter() - begin)


async def async_sdk_rate(client: AsyncLinkSkipper, links: list[str]) -> float:
    """Return the links per second of the async resolve_many."""
    begin = time.perf_counter()
    done = 0
    async for outcome in client.resolve_many(links, concurrency=CONCURRENCY):
        done += outcome.link is not None
    assert done == len(links)
    return done / (time.perf_counter() - begin)


async def async_bare_rate(client: httpx2.AsyncClient, links: list[str]) -> float:
    """Return the links per second of tasks that post and decode."""
    remaining = iter(links)

    async def work() -> None:
        for link in remaining:
            answer: dict[str, Any] = (await client.post(RESOLVE, json=body_of(link))).json()
            assert answer["target_url"]

    begin = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    return len(links) / (time.perf_counter() - begin)


class CallCounter(logging.Handler):
    """Counts the attempts that the SDK logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.calls = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        del record
        self.calls += 1


def calls_of_a_wait(client: LinkSkipper, link: str) -> int:
    """Return how many calls a wait takes."""
    counter = CallCounter()
    logger = logging.getLogger("bench")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(counter)
    client.with_options(logger=logger).resolve_and_wait(link)
    return counter.calls


def measure(tenant: dict[str, Any], links: list[str]) -> None:
    """Measure the sync client."""
    key = tenant["keys"]["normal"]["key"]
    headers = {"Authorization": f"Bearer {key}"}
    with (
        LinkSkipper(key, base_url=tenant["base_url"]) as client,
        httpx2.Client(base_url=tenant["base_url"], headers=headers) as bare,
    ):
        sdk_rate(client, links)
        bare_rate(bare, links)
        pairs = [(sdk_rate(client, links), bare_rate(bare, links)) for _ in range(ROUNDS)]
        calls = calls_of_a_wait(client, tenant["links"]["slow"].format(seconds=WAIT_SECONDS, name="bench"))
    report("python", pairs, calls)


async def measure_async(tenant: dict[str, Any], links: list[str]) -> None:
    """Measure the async client."""
    key = tenant["keys"]["normal"]["key"]
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        AsyncLinkSkipper(key, base_url=tenant["base_url"]) as client,
        httpx2.AsyncClient(base_url=tenant["base_url"], headers=headers) as bare,
    ):
        await async_sdk_rate(client, links)
        await async_bare_rate(bare, links)
        pairs = [(await async_sdk_rate(client, links), await async_bare_rate(bare, links)) for _ in range(ROUNDS)]
    report("python, async", pairs, 1)


def report(name: str, pairs: list[tuple[float, float]], calls: int) -> None:
    """Print a result as bench/sdks.py reads it."""
    sdk, bare = zip(*pairs, strict=True)
    print(json.dumps({"name": name, "sdk": sdk, "bare": bare, "calls": calls}), flush=True)


if __name__ == "__main__":
    tenant_of_bench = new_tenant()
    links_of_bench = [tenant_of_bench["links"]["fast"].format(name=number) for number in range(LINKS)]
    measure(tenant_of_bench, links_of_bench)
    asyncio.run(measure_async(tenant_of_bench, links_of_bench))
