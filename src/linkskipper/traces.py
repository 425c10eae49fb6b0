"""Traces of requests, jobs and webhooks in the terms of OpenTelemetry (docs/decisions/0023-traces.md).

The id of a job is the id of its trace, so that each process adds to the trace without being told its id.
"""

import re
import secrets
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol
from uuid import UUID

MAX_SPANS = 5000  # that wait to be sent
SERVER, CLIENT, CONSUMER = 2, 3, 5  # the kinds of spans, as numbers of the protocol
_SAMPLED = 1
_MASK = (1 << 64) - 1
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_MILLISECOND = 1_000_000  # nanoseconds

Attributes = Mapping[str, str | int]


class SpanContext(NamedTuple):
    """The place of a span: its trace and its own id."""

    trace_id: int
    span_id: int

    @property
    def traceparent(self) -> str:
        """The header that hands the context on (W3C Trace Context)."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-01"


class Span(NamedTuple):
    """Something that took time, from `start` to `end` in nanoseconds of Unix time."""

    name: str
    context: SpanContext
    start: int
    end: int
    attributes: Attributes
    parent_id: int | None = None
    kind: int = 1
    error: str | None = None
    link: SpanContext | None = None


class TracedHop(Protocol):
    """What a trace shows of a hop."""

    @property
    def mechanism(self) -> str | None:
        """How the hop led on."""

    @property
    def status(self) -> int | None:
        """The status of its response."""

    @property
    def milliseconds(self) -> float:
        """How long it took."""


class Tracer:
    """Collects spans until somebody takes them. The oldest are dropped if nobody does."""

    def __init__(self) -> None:
        self._spans: deque[Span] = deque(maxlen=MAX_SPANS)

    def take(self) -> list[Span]:
        """Return the spans since the last call."""
        spans = list(self._spans)
        self._spans.clear()
        return spans

    def request(
        self, name: str, *, traceparent: str | None, job_id: UUID | None, seconds: float, attributes: Attributes
    ) -> None:
        """Note an API request. It belongs to the client's trace, if the client named one, and links to its job."""
        parent, is_sampled = read_traceparent(traceparent)
        if not is_sampled:
            return
        trace_id = secrets.randbits(128) if parent is None else parent.trace_id
        end = time.time_ns()
        self._spans.append(
            Span(
                name,
                SpanContext(trace_id, new_span_id()),
                end - int(seconds * 1e9),
                end,
                attributes,
                parent_id=None if parent is None else parent.span_id,
                kind=SERVER,
                link=None if job_id is None else job_context(job_id),
            )
        )

    def job(self, job_id: UUID, *, status: str, reason: str | None, attributes: Attributes) -> None:
        """Note a job that ended, from its submission on."""
        start = (job_id.int >> 80) * _MILLISECOND
        error = None if status == "done" else reason or status
        self._spans.append(
            Span("job", job_context(job_id), start, max(start, time.time_ns()), attributes, kind=CONSUMER, error=error)
        )

    def resolution(self, job_id: UUID, *, attempt: int, seconds: float, hops: Iterable[TracedHop]) -> None:
        """Note an attempt at a job, and its hops one after the other. Waits between them are at its end."""
        end = time.time_ns()
        start = end - int(seconds * 1e9)
        root = job_context(job_id)
        resolving = SpanContext(root.trace_id, new_span_id())
        attributes = {"linkskipper.attempt": attempt}
        self._spans.append(Span("resolve", resolving, start, end, attributes, parent_id=root.span_id))
        for hop in hops:
            after = min(end, start + int(hop.milliseconds * _MILLISECOND))
            details = {"linkskipper.mechanism": hop.mechanism, "http.response.status_code": hop.status}
            known = {name: value for name, value in details.items() if value is not None}
            context = SpanContext(root.trace_id, new_span_id())
            self._spans.append(Span("hop", context, start, after, known, parent_id=resolving.span_id, kind=CLIENT))
            start = after

    def delivery(self, context: SpanContext, *, milliseconds: float, error: str | None, attributes: Attributes) -> None:
        """Note an attempt to deliver the event of a job, in the context that the receiver got."""
        end = time.time_ns()
        start = end - int(milliseconds * _MILLISECOND)
        parent = context.trace_id & _MASK
        self._spans.append(Span("webhook", context, start, end, attributes, parent_id=parent, kind=CLIENT, error=error))


def job_context(job_id: UUID) -> SpanContext:
    """Return the trace of a job and the span that all its others belong to."""
    return SpanContext(job_id.int, job_id.int & _MASK)


def new_span_id() -> int:
    """Return an id that is not 0, which the standard forbids."""
    return secrets.randbits(64) or 1


def read_traceparent(text: str | None) -> tuple[SpanContext | None, bool]:
    """Return the context of a header, None if it is not valid, and whether the caller records its trace."""
    match = _TRACEPARENT.fullmatch(text or "")
    if match is None:
        return None, True
    context = SpanContext(int(match[1], 16), int(match[2], 16))
    if not context.trace_id or not context.span_id:
        return None, True
    return context, bool(int(match[3], 16) & _SAMPLED)
