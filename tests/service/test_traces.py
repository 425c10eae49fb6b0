"""Traces: a request, its job, its hops and its webhook reach a collector, and belong together."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from structlog.testing import capture_logs

from linkskipper.errors import SettingsError
from linkskipper.service.traces import tracing
from linkskipper.settings import load
from linkskipper.traces import MAX_SPANS, SERVER, SpanContext, Tracer, read_traceparent
from support.dashboard import make_user, visitor
from support.receiver import Receiver
from support.service import fresh_link, run_service

SECONDS = 60
CLIENT = SpanContext(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331)


class Collector:
    """A server that takes OTLP over HTTP, and what it got."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[Any] = []
        self.status = 200
        self.endpoint = ""

    async def take(self, request: web.Request) -> web.Response:
        """Keep a request."""
        self.bodies.append(await request.read())
        self.headers.append(request.headers)
        return web.Response(status=self.status)

    @property
    def spans(self) -> list[Any]:
        """All spans so far."""
        resources = [resource for body in self.bodies for resource in json.loads(body)["resourceSpans"]]
        return [span for resource in resources for scope in resource["scopeSpans"] for span in scope["spans"]]

    async def until(self, name: str) -> None:
        """Wait for a span with a name."""
        async with asyncio.timeout(SECONDS):
            while not any(span["name"] == name for span in self.spans):
                await asyncio.sleep(0.05)


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    """Run a collector."""
    made = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces"
    yield made
    await runner.cleanup()


async def test_from_the_request_to_the_webhook(
    database_url: str, tmp_path: Path, receiver: Receiver, collector: Collector
) -> None:
    """The request is in the client's trace and links to the job's. That one has the job's id, hops and webhook."""
    settings: dict[str, Any] = {"otlp_endpoint": collector.endpoint, "otlp_headers": ["authorization=Bearer x"]}
    async with run_service(database_url, tmp_path, receiver=receiver, **settings) as service:
        caller, url = await service.caller(), receiver.url()
        answer = await caller.resolve(fresh_link(), webhook_url=url, headers={"traceparent": CLIENT.traceparent})
        job = UUID(answer.body["job_id"])
        [received] = await receiver.received(url)
        await collector.until("webhook")
    spans = collector.spans  # the end of the service sends the rest
    by_name = {span["name"]: span for span in spans}
    root = {"traceId": job.hex, "spanId": job.hex[16:]}
    assert by_name["job"] | root == by_name["job"]
    request = by_name["POST /v1/resolve"]
    assert (request["traceId"], request["parentSpanId"]) == (f"{CLIENT.trace_id:032x}", f"{CLIENT.span_id:016x}")
    assert request["links"] == [root]
    resolve, hops = by_name["resolve"], [span for span in spans if span["name"] == "hop"]
    assert (resolve["traceId"], resolve["parentSpanId"]) == (job.hex, job.hex[16:])
    assert {hop["parentSpanId"] for hop in hops} == {resolve["spanId"]}
    webhook = by_name["webhook"]
    assert received.headers["traceparent"] == f"00-{job.hex}-{webhook['spanId']}-01"
    assert webhook["parentSpanId"] == job.hex[16:]
    for span in spans:
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
    for body in collector.bodies:
        Parse(body, ExportTraceServiceRequest())  # refuses members that the protocol does not have
        assert b"bulk.lab.test/" not in body
    assert {headers["authorization"] for headers in collector.headers} == {"Bearer x"}


async def test_requests_are_named_by_their_routes(database_url: str, tmp_path: Path, collector: Collector) -> None:
    """A name has the template of the route, whatever the parameters are. An address that does not exist has none."""
    settings: dict[str, Any] = {"otlp_endpoint": collector.endpoint}
    async with run_service(database_url, tmp_path, tiers=(), webhooks=False, **settings) as service:
        caller = await service.caller()
        for path in ("/v1/jobs/j", "/v1/jobs/v1", "/v1//jobs/{job_id}/", "/v1/jobs/jobs?wait=0", "/v1/other/secret"):
            await caller.get(path)
        await caller.call("PUT", "/v1/jobs/j")
    requests = [span for span in collector.spans if span["kind"] == SERVER]
    assert [span["name"] for span in requests] == [*["GET /v1/jobs/{job_id}"] * 4, "GET", "PUT /v1/jobs/{job_id}"]
    attributes = [{item["key"]: item["value"] for item in span["attributes"]} for span in requests]
    routes = [values.get("http.route", {}).get("stringValue") for values in attributes]
    assert routes == [*["/v1/jobs/{job_id}"] * 4, None, "/v1/jobs/{job_id}"]
    assert not [body for body in collector.bodies if b"secret" in body]


async def test_a_cancelled_link_and_a_test_event(
    database_url: str, tmp_path: Path, receiver: Receiver, collector: Collector
) -> None:
    """A link that an operator cancels has its span. A test event has none, as its link is invented."""
    settings: dict[str, Any] = {"otlp_endpoint": collector.endpoint}
    async with run_service(database_url, tmp_path, tiers=(), receiver=receiver, **settings) as service:
        caller, url = await service.caller(), receiver.url()
        user_id = await make_user(service, "operator", caller.account_id, is_operator=True)
        person = await visitor(service, user_id)
        job_id = (await caller.resolve(fresh_link())).body["job_id"]
        assert (await person.post(f"/dashboard/operate/queue/links/{job_id}/cancel")).status == 303
        form = {"url": url, "key_id": str(caller.key_id)}
        assert (await person.post("/dashboard/webhooks/test", form)).status == 303
        [received] = await receiver.received(url)
        assert "traceparent" not in received.headers
    (job,) = [span for span in collector.spans if span["name"] == "job"]
    assert (job["traceId"], job["status"]["message"]) == (UUID(job_id).hex, "cancelled")
    assert not [span for span in collector.spans if span["name"] == "webhook"]


async def test_a_collector_that_is_away(database_url: str, tmp_path: Path, collector: Collector) -> None:
    """Links are resolved as before, and spans are dropped."""
    collector.status = 500
    async with run_service(database_url, tmp_path, webhooks=False, otlp_endpoint=collector.endpoint) as service:
        caller = await service.caller()
        assert (await caller.resolve(fresh_link(), wait=20)).body["status"] == "done"
        await collector.until("job")
        collector.bodies.clear()
        assert (await caller.resolve(fresh_link(), wait=20)).body["status"] == "done"
        await collector.until("job")


async def test_a_name_that_is_not_known_yet(monkeypatch: pytest.MonkeyPatch, collector: Collector) -> None:
    """Spans are dropped while the system does not know the collector's name. They arrive once it does."""
    known, look_up = asyncio.Event(), socket.getaddrinfo

    def names(host: str, *arguments: Any, **options: Any) -> Any:
        return look_up("127.0.0.1" if host == "collector.test" and known.is_set() else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", names)
    monkeypatch.setattr("linkskipper.service.traces.SEND_SECONDS", 0.05)
    endpoint = collector.endpoint.replace("127.0.0.1", "collector.test")
    with capture_logs() as logs:
        async with tracing(load(otlp_endpoint=endpoint)) as tracer, asyncio.timeout(SECONDS):
            assert tracer is not None
            while not known.is_set() or not collector.spans:
                tracer.request("GET /", traceparent=None, job_id=None, seconds=0, attributes={})
                await asyncio.sleep(0.05)
                if logs:
                    known.set()
    assert {line["event"] for line in logs} == {"traces.not_sent"}
    assert "collector.test" in logs[0]["error"]


async def test_off() -> None:
    """Nothing is collected unless a collector is set."""
    async with tracing(load()) as tracer:
        assert tracer is None


@pytest.mark.parametrize(
    ("options", "variable"),
    [
        ({"otlp_endpoint": "collector:4318"}, "OTLP_ENDPOINT"),
        ({"otlp_endpoint": "http://127.0.0.1:1/", "otlp_headers": "authorization"}, "OTLP_HEADERS"),
    ],
)
async def test_a_wrong_setting(options: dict[str, Any], variable: str) -> None:
    """The message names the setting."""
    with pytest.raises(SettingsError, match=f"LINKSKIPPER_{variable}: "):
        async with tracing(load(**options)):
            pass


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318/"}, "http://a:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b/x"}, "http://b/x"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "LINKSKIPPER_OTLP_ENDPOINT": "http://c/"}, "http://c/"),
    ],
)
def test_variables_of_opentelemetry(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], endpoint: str) -> None:
    """The variables that every program with OpenTelemetry reads count too. Ours goes before them."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x,a=b")
    settings = load()
    assert (settings.otlp_endpoint, settings.otlp_headers) == (endpoint, ("authorization=Bearer x", "a=b"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (None, (None, True)),
        ("", (None, True)),
        (CLIENT.traceparent, (CLIENT, True)),
        (CLIENT.traceparent.removesuffix("01") + "00", (CLIENT, False)),
        (CLIENT.traceparent.replace("00-", "cc-", 1) + "-what-a-later-version-adds", (CLIENT, True)),
        (CLIENT.traceparent.replace("00-", "ff-", 1), (None, True)),
        (CLIENT.traceparent.upper(), (None, True)),
        (f"00-{0:032x}-{1:016x}-01", (None, True)),
        (f"00-{1:032x}-{0:016x}-01", (None, True)),
        ("00-1-1-01", (None, True)),
    ],
)
def test_traceparent(text: str | None, read: tuple[SpanContext | None, bool]) -> None:
    """The header is read as W3C Trace Context says: what is not valid counts as missing, and 00 is not recorded."""
    assert read_traceparent(text) == read
    tracer = Tracer()
    tracer.request("GET /", traceparent=text, job_id=None, seconds=0, attributes={})
    assert len(tracer.take()) == read[1]


def test_a_bound() -> None:
    """Spans that nobody takes do not pile up."""
    tracer = Tracer()
    for _ in range(MAX_SPANS + 1):
        tracer.request("GET /", traceparent=None, job_id=None, seconds=0, attributes={})
    assert len(tracer.take()) == MAX_SPANS
    assert tracer.take() == []
