"""Turn the JSON of the API into models."""

from collections.abc import Mapping

from linkskipper_sdk._core.fields import FieldError, Fields
from linkskipper_sdk.models import (
    Account,
    AccountProvider,
    Delivery,
    DeliveryAttempt,
    DeliveryDetail,
    Job,
    Meta,
    ProviderEntry,
    QueuedJob,
    ResolvedLink,
    ResolveResult,
    TraceHop,
    WebhookEvent,
)


def parse_resolve(fields: Fields, meta: Meta, url: str) -> ResolveResult:
    """Read the answer to POST /v1/resolve: one of two shapes, told apart by the status."""
    status = fields.text("status")
    if status == "done":
        return ResolvedLink(
            url=fields.optional_text("url") or url,
            job_id=fields.optional_text("job_id"),
            target_url=fields.text("target_url"),
            provider=fields.text("provider"),
            tier=fields.text("tier"),
            cached=fields.flag("cached"),
            credits_charged=fields.optional_integer("credits_charged"),
            balance=fields.optional_integer("balance"),
            meta=meta,
            raw=fields.raw,
        )
    if status == "queued":
        return QueuedJob(
            job_id=fields.text("job_id"),
            queue_position=fields.optional_integer("queue_position"),
            poll_url=fields.optional_text("poll_url"),
            meta=meta,
            raw=fields.raw,
        )
    raise FieldError(f"status: expected done or queued, got {status!r:.60}")


def parse_job(fields: Fields, meta: Meta, job_id: str | None = None) -> Job:
    """Read a job, alone or in a list."""
    trace = fields.optional_objects("trace")
    return Job(
        job_id=fields.optional_text("job_id") or job_id or fields.text("job_id"),
        status=fields.text("status"),
        target_url=fields.optional_text("target_url"),
        provider=fields.optional_text("provider"),
        tier=fields.optional_text("tier"),
        error=fields.optional_text("error"),
        credits_charged=fields.optional_integer("credits_charged"),
        balance=fields.optional_integer("balance"),
        trace=None if trace is None else tuple(_parse_hop(hop) for hop in trace),
        trace_omitted_hops=fields.optional_integer("trace_omitted_hops"),
        reason=fields.optional_text("reason"),
        url=fields.optional_text("url"),
        created_at=fields.optional_time("created_at"),
        finished_at=fields.optional_time("finished_at"),
        meta=meta,
        raw=fields.raw,
    )


def parse_link_of_job(fields: Fields, meta: Meta, job_id: str, url: str | None) -> ResolvedLink:
    """Read a done job as the link that it resolved."""
    return ResolvedLink(
        url=fields.optional_text("url") or url,
        job_id=fields.optional_text("job_id") or job_id,
        target_url=fields.text("target_url"),
        provider=fields.text("provider"),
        tier=fields.text("tier"),
        cached=False,
        credits_charged=fields.optional_integer("credits_charged"),
        balance=fields.optional_integer("balance"),
        meta=meta,
        raw=fields.raw,
    )


def _parse_hop(fields: Fields) -> TraceHop:
    return TraceHop(
        url=fields.text("url") if "url" in fields.raw else "",
        mechanism=fields.optional_text("mechanism"),
        status=fields.optional_integer("status"),
        milliseconds=fields.optional_number("milliseconds"),
    )


def parse_account(fields: Fields, meta: Meta) -> Account:
    """Read the account."""
    return Account(
        balance=fields.integer("balance"),
        telegram_id=fields.optional_integer("telegram_id"),
        subscription_until=fields.optional_time("subscription_until"),
        providers=tuple(
            AccountProvider(
                provider=provider.text("provider"),
                label=provider.optional_text("label"),
                tier=provider.optional_text("tier"),
            )
            for provider in fields.optional_objects("providers") or ()
        ),
        meta=meta,
        raw=fields.raw,
    )


def parse_provider(fields: Fields, meta: Meta) -> ProviderEntry:
    """Read a provider of the catalog."""
    return ProviderEntry(
        provider=fields.text("provider"),
        label=fields.optional_text("label"),
        hosts=tuple(fields.texts("hosts")),
        tier=fields.optional_text("tier"),
        resolve_cost=fields.optional_integer("resolve_cost"),
        latency=fields.optional_text("latency"),
        status=fields.optional_text("status"),
        meta=meta,
        raw=fields.raw,
    )


def parse_delivery(fields: Fields, meta: Meta) -> Delivery:
    """Read a webhook delivery."""
    return Delivery(
        id=fields.text("id"),
        job_id=fields.optional_text("job_id"),
        event=fields.optional_text("event"),
        url=fields.optional_text("url"),
        status=fields.text("status"),
        attempts=fields.optional_integer("attempts"),
        created_at=fields.optional_time("created_at"),
        next_attempt_at=fields.optional_time("next_attempt_at"),
        ended_at=fields.optional_time("ended_at"),
        paused=fields.flag("paused"),
        meta=meta,
        raw=fields.raw,
    )


def parse_delivery_detail(fields: Fields, meta: Meta) -> DeliveryDetail:
    """Read a webhook delivery with its event and its attempts."""
    delivery = parse_delivery(fields.object("delivery"), meta)
    return DeliveryDetail(
        delivery=delivery,
        payload=parse_event(fields.object("payload"), delivery.id),
        attempts=tuple(_parse_attempt(attempt) for attempt in fields.objects("attempts")),
        meta=meta,
        raw=fields.raw,
    )


def _parse_attempt(fields: Fields) -> DeliveryAttempt:
    return DeliveryAttempt(
        number=fields.integer("number"),
        started_at=fields.optional_time("started_at"),
        milliseconds=fields.optional_number("milliseconds"),
        status=fields.optional_integer("status"),
        error=fields.optional_text("error"),
        response=fields.optional_text("response"),
    )


def parse_event(fields: Fields, webhook_id: str | None) -> WebhookEvent:
    """Read a webhook event."""
    return WebhookEvent(
        event=fields.text("event"),
        job_id=fields.text("job_id"),
        status=fields.text("status"),
        created_at=fields.optional_time("created_at"),
        target_url=fields.optional_text("target_url"),
        provider=fields.optional_text("provider"),
        tier=fields.optional_text("tier"),
        error=fields.optional_text("error"),
        credits_charged=fields.optional_integer("credits_charged"),
        balance=fields.optional_integer("balance"),
        webhook_id=webhook_id,
        raw=fields.raw,
    )


def find_provider(providers: "list[ProviderEntry]", url: str) -> ProviderEntry | None:
    """Return the provider of a link: by its exact host, or else by the nearest wildcard above it."""
    hosts: Mapping[str, ProviderEntry] = {host.lower(): entry for entry in providers for host in entry.hosts}
    host = _host_of(url)
    labels = host.split(".")
    candidates = [host, *("*." + ".".join(labels[index:]) for index in range(1, len(labels)))]
    return next((hosts[candidate] for candidate in candidates if candidate in hosts), None)


def _host_of(url: str) -> str:
    from urllib.parse import urlsplit  # noqa: PLC0415  only here: the package imports quickly

    try:
        host = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}").hostname or ""
        return host.removesuffix(".").encode("idna").decode("ascii").lower()
    except ValueError:
        return ""
