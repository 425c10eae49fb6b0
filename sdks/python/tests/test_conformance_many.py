"""Every case about many links, on the scheduler itself: attempts overlap on a virtual clock."""

import heapq
from collections import Counter
from itertools import count
from typing import Any

import httpx2
import pytest

from linkskipper_sdk import LinkSkipper, LinkSkipperError, NetworkError, Outcome, RequestTimeoutError, RetryPolicy
from linkskipper_sdk._core.bulk import Link, Run
from linkskipper_sdk._core.effects import Reply, Response, Send
from support.cases import Comparison, load
from support.neutral import plain, plain_error
from support.virtual import VirtualClock, body_of, describe

CASES = load("many")["cases"]
ran: set[str] = set()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    """The run does what the case says."""
    network = VirtualNetwork(case["script"])
    outcomes: list[Outcome] = []
    error = None
    try:
        network.run(start(case, network.clock), outcomes)
    except LinkSkipperError as raised:
        error = plain_error(raised)
    compare(case["expect"], network, [plain(outcome) for outcome in outcomes], error)
    ran.add(case["name"])


def test_every_case_ran() -> None:
    """No case was left out."""
    assert len(ran) == len(CASES) == len(load("many")["cases"])


def start(case: dict[str, Any], clock: VirtualClock) -> Run:
    """Begin the run of a case."""
    options = dict(case.get("client", {}))
    if "retry" in options:
        options["retry"] = RetryPolicy(**options["retry"])
    client = LinkSkipper("sk_live_conformance", clock=clock, random=lambda: 0.5, **options)
    arguments: dict[str, Any] = {
        "concurrency": 8,
        **dict.fromkeys(("batch", "webhook_url", "max_wait", "poll_interval")),
    }
    arguments |= case["call"]["arguments"]
    return client._calls.resolve_many(arguments.pop("urls"), {}, **arguments)


def compare(
    expect: dict[str, Any], network: "VirtualNetwork", outcomes: list[dict[str, Any]], error: dict[str, Any] | None
) -> None:
    """Compare a run with what its case expects."""
    comparison = Comparison()
    if "error" in expect:
        comparison.check(expect["error"], error, "error")
    else:
        assert error is None
    if "order" in expect:
        assert [outcome["index"] for outcome in outcomes] == expect["order"]
    outcomes.sort(key=lambda outcome: outcome["index"])
    comparison.check(expect["outcomes"], outcomes, "outcomes")
    calls = Counter(network.targets)
    if expect.get("calls") == {}:
        assert calls == {}
    for target, number in expect.get("calls", {}).items():
        assert calls[target] == number, calls
    if error is not None:
        assert calls.keys() == expect["calls"].keys()
    if "max_in_flight" in expect:
        assert network.max_in_flight == expect["max_in_flight"]
    for low, high in expect.get("quiet", ()):
        assert not [at for at in network.starts if low <= at <= high], network.starts
    if "elapsed" in expect:
        comparison.check(expect["elapsed"], network.clock.elapsed, "elapsed")
    comparison.check(expect.get("keys", {}), network.keys, "keys")
    if "distinct_keys" in expect:
        assert len(set(network.keys.values())) == expect["distinct_keys"]


class VirtualNetwork:
    """Carries out the requests of a run: each takes its time, and several overlap."""

    def __init__(self, script: dict[str, list[dict[str, Any]]]) -> None:
        self.clock = VirtualClock()
        self.targets: list[str] = []
        self.starts: list[float] = []
        self.keys: dict[str, str] = {}
        self.max_in_flight = 0
        self._script = {target: list(answers) for target, answers in script.items()}
        self._under_way: list[tuple[float, int, Link, Reply]] = []
        self._numbers = count()

    def run(self, run: Run, outcomes: list[Outcome]) -> None:
        """Drive a run to its end."""
        while True:
            while run.wants_links:
                run.add(run.pull())
            while (task := run.take()) is not None:
                self._start(*task)
            if run.outcomes:
                outcomes.extend(run.outcomes)
                run.outcomes.clear()
            elif run.finished:
                break
            else:
                self._move_on(run)
        if run.error is not None:
            raise run.error

    def _move_on(self, run: Run) -> None:
        wake = run.wakes_in()
        assert self._under_way or wake is not None, "nothing is under way, and nothing will be"
        wakes_at = self.clock.elapsed + (float("inf") if wake is None else wake)
        if self._under_way and self._under_way[0][0] <= wakes_at:
            self.clock.elapsed, _, link, reply = heapq.heappop(self._under_way)
            run.resume(link, reply)
        else:
            self.clock.elapsed = wakes_at

    def _start(self, link: Link, send: Send) -> None:
        request = describe(
            httpx2.Request(
                send.request.method, send.request.url, headers=dict(send.request.headers), content=send.request.body
            )
        )
        target = request["json"]["url"] if request["method"] == "POST" else request["path"]
        if request["method"] == "POST":
            self.keys[target] = request["json"]["idempotency_key"]
        self.targets.append(target)
        self.starts.append(self.clock.elapsed)
        assert self._script.get(target), f"no answer is left for {target}"
        answer = self._script[target].pop(0)
        takes = min(answer.get("takes", 0), send.timeout)
        reply = _reply(answer) if answer.get("takes", 0) < send.timeout else RequestTimeoutError("too slow")
        heapq.heappush(self._under_way, (self.clock.elapsed + takes, next(self._numbers), link, reply))
        self.max_in_flight = max(self.max_in_flight, len(self._under_way))


def _reply(answer: dict[str, Any]) -> Reply:
    if "fails" in answer:
        return NetworkError("scripted failure")
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return Response(answer["status"], headers, body_of(answer))
