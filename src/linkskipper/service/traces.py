"""Send spans to a collector of OpenTelemetry, over HTTP and through the guard, which opens that one address."""

import asyncio
import os
import platform
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any

import msgspec
import structlog

from linkskipper.egress import BadUrl, Client, FetchLimits, Policy, Unreachable, Url, allow_urls, parse_url
from linkskipper.errors import EgressError, SettingsError
from linkskipper.periodic import Periodic, cancel_all
from linkskipper.resolver import USER_AGENT
from linkskipper.settings import Settings
from linkskipper.traces import Attributes, Span, SpanContext, Tracer
from linkskipper.version import VERSION

SEND_SECONDS = 2
TIMEOUT_SECONDS = 5
ERROR = 2  # a code of the protocol

log = structlog.get_logger()


@asynccontextmanager
async def tracing(settings: Settings) -> AsyncIterator[Tracer | None]:
    """Provide a tracer whose spans are sent until the context ends, or None if no collector is set.

    Raises:
        SettingsError: the address of the collector, or a header for it, is wrong.
    """
    if settings.otlp_endpoint is None:
        yield None
        return
    policy = Policy.parse(ports=(), allow=(), host_map=(), extra_ca=settings.extra_ca)
    collector = _Collector(_parse(settings.otlp_endpoint), _headers(settings.otlp_headers), policy)
    tracer = Tracer()

    async def send() -> None:
        if spans := tracer.take():
            await collector.send(spans)

    sending = Periodic("traces.send", send, every=SEND_SECONDS).start()
    try:
        yield tracer
    finally:
        try:
            await cancel_all([sending])
            await send()
        finally:
            await collector.close()


def _parse(text: str) -> Url:
    try:
        return parse_url(text)
    except BadUrl as error:
        raise SettingsError(f"LINKSKIPPER_OTLP_ENDPOINT: {error}") from None


def _headers(items: Sequence[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in items]
    if not all(name and equals for name, equals, _ in pairs):
        raise SettingsError("LINKSKIPPER_OTLP_HEADERS: must be pairs such as authorization=Bearer x")
    return {"Content-Type": "application/json", **{name.strip(): value.strip() for name, _, value in pairs}}


class _Collector:
    """A collector. Its name is looked up for the first spans, and again after each failure."""

    def __init__(self, url: Url, headers: dict[str, str], policy: Policy) -> None:
        self._url = url
        self._headers = headers
        self._policy = policy
        self._client: Client | None = None
        self._open = AsyncExitStack()

    async def send(self, spans: Sequence[Span]) -> None:
        """Send spans once. Spans that the collector does not take are dropped: links must not wait for them."""
        try:
            client = self._client or await self._connect()
            response = await client.post(self._url, headers=self._headers, body=encode(spans), excerpt=0)
            error = None if response.status < HTTPStatus.MULTIPLE_CHOICES else f"status {response.status}"
        except EgressError as failed:
            error = str(failed)
        if error is not None:
            log.warning("traces.not_sent", error=error, spans=len(spans))
            await self.close()

    async def close(self) -> None:
        """Forget the address and close the connections to it."""
        self._client = None
        await self._open.aclose()

    async def _connect(self) -> Client:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                policy = await allow_urls(self._policy, [self._url])
        except TimeoutError:
            raise Unreachable(f"the system did not find {self._url.host} in {TIMEOUT_SECONDS} s") from None
        client = Client(policy, user_agent=USER_AGENT, limits=FetchLimits(fetch_seconds=TIMEOUT_SECONDS))
        self._client = await self._open.enter_async_context(client)
        return self._client


def encode(spans: Sequence[Span]) -> bytes:
    """Return spans as an OTLP request in JSON (opentelemetry-proto, ExportTraceServiceRequest)."""
    resource: Attributes = {
        "service.name": "linkskipper",
        "service.version": VERSION,
        "host.name": platform.node(),
        "process.pid": os.getpid(),
    }
    scope = {"name": "linkskipper", "version": VERSION}
    scoped = {"scope": scope, "spans": [_span(span) for span in spans]}
    return msgspec.json.encode(
        {"resourceSpans": [{"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scoped]}]}
    )


def _span(span: Span) -> dict[str, Any]:
    encoded: dict[str, Any] = {
        **_context(span.context),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": str(span.end),
        "attributes": _attributes(span.attributes),
    }
    if span.parent_id is not None:
        encoded["parentSpanId"] = f"{span.parent_id:016x}"
    if span.link is not None:
        encoded["links"] = [_context(span.link)]
    if span.error is not None:
        encoded["status"] = {"code": ERROR, "message": span.error}
    return encoded


def _context(context: SpanContext) -> dict[str, str]:
    return {"traceId": f"{context.trace_id:032x}", "spanId": f"{context.span_id:016x}"}


def _attributes(attributes: Attributes) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in attributes.items()
    ]
