"""Every case about single calls, with the sync and with the async client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, cast

import httpx2
import pytest

from linkskipper_sdk import AsyncLinkSkipper, LinkSkipper, LinkSkipperError, RetryPolicy
from support.cases import NO_RANDOMS, Comparison, check_sleeps, load
from support.neutral import class_name, error_class, plain, plain_error
from support.virtual import ScriptedServer, VirtualClock

FILES = ("requests", "results", "problems", "retry", "wait")
CASES = [(file, case) for file in FILES for case in load(file)["cases"]]
RANDOMS = {file: load(file).get("randoms", NO_RANDOMS) for file in FILES}
ran: dict[str, set[str]] = {"sync": set(), "async": set()}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}: {case['name']}" for file, case in CASES])
def test_case(file: str, case: dict[str, Any], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client does what the case says."""
    for name in ("API_KEY", "BASE_URL", "WEBHOOK_SECRET"):
        monkeypatch.delenv(f"LINKSKIPPER_{name}", raising=False)
    for name, value in case.get("env", {}).items():
        monkeypatch.setenv(name, value)
    for random in RANDOMS[file]:
        Play(case, random).run(kind)
    ran[kind].add(f"{file}: {case['name']}")


def test_every_case_ran() -> None:
    """No case was left out."""
    expected = {f"{file}: {case['name']}" for file, case in CASES}
    assert len(expected) == len(CASES) == sum(len(load(file)["cases"]) for file in FILES)
    assert ran == {"sync": expected, "async": expected}


def test_the_tree_of_errors() -> None:
    """Each error class has the parent that the cases say."""
    tree = load("problems")["tree"]
    for name, parent in tree.items():
        kind = error_class(name)
        assert class_name(kind) == name
        assert kind.__bases__[0] is (Exception if parent is None else error_class(parent))


class Play:
    """Plays one case."""

    def __init__(self, case: dict[str, Any], random: float) -> None:
        self.case = case
        self.clock = VirtualClock()
        self.server = ScriptedServer(case["answers"], self.clock)
        self.random = random

    def run(self, kind: str) -> None:
        """Make the call and compare."""
        result = error = None
        try:
            result = plain(self._call() if kind == "sync" else asyncio.run(self._call_async()))
        except LinkSkipperError as raised:
            error = plain_error(raised)
        self._compare(result, error)

    def _options(self) -> dict[str, Any]:
        given = {"api_key": "sk_live_conformance", "base_url": "http://127.0.0.1:8000", **self.case.get("client", {})}
        options = {name: value for name, value in given.items() if value is not None}
        if "retry" in options:
            options["retry"] = RetryPolicy(**options["retry"])
        return {**options, "clock": self.clock, "random": lambda: self.random}

    def _call(self) -> Any:
        http = httpx2.Client(transport=httpx2.MockTransport(self.server.handle))
        with http, LinkSkipper(**self._options(), http_client=http, sleeper=self.clock.sleep) as client:
            result = self._invoke(client)
            return {"items": list(result)} if isinstance(result, Iterator | list) else result

    async def _call_async(self) -> Any:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self.server.handle_async))
        options = {**self._options(), "http_client": http, "sleeper": self.clock.sleep_async}
        async with http, AsyncLinkSkipper(**options) as client:
            result = self._invoke(client)
            if isinstance(result, AsyncIterator):
                return {"items": [item async for item in result]}
            result = await cast("Awaitable[Any]", result)
            return {"items": result} if isinstance(result, list) else result

    def _invoke(self, client: Any) -> Any:
        call = self.case["call"]
        options = dict(call.get("options", {}))
        if "retry" in options:
            options["retry"] = RetryPolicy(**options["retry"])
        method = client
        for name in call["method"].split("."):
            method = getattr(method, name)
        return method(**call["arguments"], **options)

    def _compare(self, result: Any, error: dict[str, Any] | None) -> None:
        expect = self.case["expect"]
        compare = Comparison()
        if "error" not in expect:
            assert error is None, f"raised {error}"
        if expect.get("result") is not None:
            compare.check(expect["result"], result, "result")
        elif "result" in expect:
            assert result is None
        if "error" in expect:
            assert error is not None, f"returned {result}"
            compare.check(expect["error"], error, "error")
        if "requests" in expect:
            self._compare_requests(compare, expect["requests"])
        assert self.server.answers == [], "answers that no attempt used"
        if "sleeps" in expect:
            check_sleeps(expect["sleeps"], self.clock.sleeps)
        if "elapsed" in expect:
            compare.check(expect["elapsed"], self.clock.elapsed, "elapsed")

    def _compare_requests(self, compare: Comparison, expected: list[dict[str, Any]]) -> None:
        requests = self.server.requests
        assert len(requests) == len(expected), requests
        for index, (want, request) in enumerate(zip(expected, requests, strict=True)):
            where = f"requests[{index}]"
            want = dict(want)  # noqa: PLW2901
            assert request["path"].upper() == want.pop("path").upper()
            headers = {name.lower(): value for name, value in want.pop("headers", {}).items()}
            compare.check(headers, request["headers"], f"{where}.headers")
            query = want.pop("query", request["query"])
            assert query.keys() == request["query"].keys(), f"{where}.query: {request['query']}"
            compare.check(query, request["query"], f"{where}.query")
            compare.check(want, request, where)
