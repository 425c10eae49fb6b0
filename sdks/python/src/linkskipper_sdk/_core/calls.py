"""Every call of the API as a flow. The sync and the async client drive the same flows."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from linkskipper_sdk._core.answers import Answer
from linkskipper_sdk._core.bulk import Run, batch_key
from linkskipper_sdk._core.config import CallOptions, Config, read_seconds
from linkskipper_sdk._core.effects import Flow
from linkskipper_sdk._core.exchange import Caller
from linkskipper_sdk._core.fields import FieldError, Fields
from linkskipper_sdk._core.parse import (
    find_provider,
    parse_account,
    parse_delivery,
    parse_delivery_detail,
    parse_job,
    parse_provider,
    parse_resolve,
)
from linkskipper_sdk._core.waiting import Wait, job_path, quote_segment
from linkskipper_sdk.errors import ConfigurationError
from linkskipper_sdk.models import (
    Account,
    Delivery,
    DeliveryDetail,
    Job,
    Meta,
    ProviderEntry,
    RawResponse,
    ResolvedLink,
    ResolveResult,
)

T = TypeVar("T")

_DELIVERIES = "/v1/webhooks/deliveries"
_METHOD = re.compile(r"[A-Za-z]+")
_PATH = re.compile(r"/[^\x00-\x20\x7f?#\ud800-\udfff]*")
_MAX_BATCH = 63  # with a colon and a SHA-256 in hexadecimal digits this is the longest idempotency key
_SAFE_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})  # RFC 9110, 9.2.2


class Calls:
    """Makes the flows of a client."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def resolve(
        self, url: str, options: CallOptions, *, idempotency_key: str | None, webhook_url: str | None, wait: float
    ) -> Flow[ResolveResult]:
        """POST /v1/resolve."""
        caller = Caller(self._config, options)
        body = _resolve_body(url, idempotency_key, webhook_url)
        wait = read_seconds("wait", wait)
        answer = yield from caller.exchange(lambda: caller.request("POST", "/v1/resolve", None, body, wait=wait))
        return caller.reader.parse(answer, lambda fields: parse_resolve(fields, answer.meta, url))

    def resolve_and_wait(
        self,
        url: str,
        options: CallOptions,
        *,
        idempotency_key: str | None,
        webhook_url: str | None,
        max_wait: float | None,
        poll_interval: float | None,
    ) -> Flow[ResolvedLink]:
        """POST /v1/resolve, and GET /v1/jobs/{job_id} until the job has ended."""
        wait = Wait(Caller(self._config, options), max_wait, poll_interval)
        return (yield from wait.resolve(url, _resolve_body(url, idempotency_key, webhook_url)))

    def wait_for_job(
        self, job_id: str, options: CallOptions, *, max_wait: float | None, poll_interval: float | None
    ) -> Flow[ResolvedLink]:
        """GET /v1/jobs/{job_id} until the job has ended."""
        return (yield from Wait(Caller(self._config, options), max_wait, poll_interval).poll(job_id, None))

    def resolve_many(
        self,
        urls: Iterable[str],
        options: CallOptions,
        *,
        concurrency: int,
        batch: str | None,
        webhook_url: str | None,
        max_wait: float | None,
        poll_interval: float | None,
    ) -> Run:
        """Prepare a run of many links."""
        caller = Caller(self._config, options, paced=True)
        Wait(caller, max_wait, poll_interval)  # refuses wrong options before the run
        prefix = _batch_prefix(batch)

        def begin(url: str) -> Flow[ResolvedLink]:
            key = batch_key(prefix, url) if prefix and isinstance(url, str) else None
            body = _resolve_body(url, key, webhook_url)
            return (yield from Wait(caller, max_wait, poll_interval).resolve(url, body))

        return Run(urls, begin, concurrency, self._config.clock)

    def get_job(self, job_id: str, options: CallOptions, *, wait: float, trace: bool) -> Flow[Job]:
        """GET /v1/jobs/{job_id}."""
        query = {"include": "trace"} if trace else None
        parse = lambda fields, meta: parse_job(fields, meta, job_id)  # noqa: E731  shorter than a function
        return self._get(job_path(job_id), parse, options, query, wait=read_seconds("wait", wait))

    def account(self, options: CallOptions) -> Flow[Account]:
        """GET /v1/account."""
        return self._get("/v1/account", parse_account, options)

    def providers(self, options: CallOptions) -> Flow[list[ProviderEntry]]:
        """GET /v1/providers."""
        return self._get("/v1/providers", _parse_providers, options)

    def provider_for(self, url: str, options: CallOptions) -> Flow[ProviderEntry | None]:
        """GET /v1/providers, and find the one of a link."""
        _check_url(url)
        return find_provider((yield from self.providers(options)), url)

    def delivery(self, delivery_id: str, options: CallOptions) -> Flow[DeliveryDetail]:
        """GET /v1/webhooks/deliveries/{delivery_id}."""
        return self._get(f"{_DELIVERIES}/{quote_segment(delivery_id)}", parse_delivery_detail, options)

    def redeliver(self, delivery_id: str, options: CallOptions) -> Flow[Delivery]:
        """POST /v1/webhooks/deliveries/{delivery_id}/redeliver."""
        caller = Caller(self._config, options)
        path = f"{_DELIVERIES}/{quote_segment(delivery_id)}/redeliver"
        answer = yield from caller.exchange(lambda: caller.request("POST", path))
        return caller.reader.parse(answer, lambda fields: parse_delivery(fields, answer.meta))

    def jobs(
        self, options: CallOptions, *, status: str | None, page_size: int | None, before: str | None
    ) -> "Pages[Job]":
        """GET /v1/jobs, page by page."""
        query = _page_query(status, page_size, before)
        return Pages(Caller(self._config, options), "/v1/jobs", "jobs", parse_job, query)

    def deliveries(
        self, options: CallOptions, *, status: str | None, page_size: int | None, before: str | None
    ) -> "Pages[Delivery]":
        """GET /v1/webhooks/deliveries, page by page."""
        query = _page_query(status, page_size, before)
        return Pages(Caller(self._config, options), _DELIVERIES, "deliveries", parse_delivery, query)

    def request(
        self, method: str, path: str, options: CallOptions, *, query: Mapping[str, str] | None, body: object
    ) -> Flow[RawResponse]:
        """Send any request."""
        caller = Caller(self._config, options)
        if not isinstance(method, str) or not _METHOD.fullmatch(method):
            raise ConfigurationError("method must be the name of an HTTP method, such as GET.")
        if not isinstance(path, str) or not _PATH.fullmatch(path):
            raise ConfigurationError("path must begin with a slash and hold no query and no blank: pass query instead.")
        method = method.upper()
        safe = method in _SAFE_METHODS
        answer = yield from caller.exchange(lambda: caller.request(method, path, query, body), safe=safe)
        response = answer.response
        return RawResponse(
            status=response.status, headers=response.headers, body=response.body, json=answer.json, meta=answer.meta
        )

    def _get(
        self,
        path: str,
        parser: Callable[[Fields, Meta], T],
        options: CallOptions,
        query: Mapping[str, str] | None = None,
        *,
        wait: float = 0.0,
    ) -> Flow[T]:
        caller = Caller(self._config, options)
        answer = yield from caller.exchange(lambda: caller.request("GET", path, query, wait=wait))
        return caller.reader.parse(answer, lambda fields: parser(fields, answer.meta))


class Pages(Generic[T]):
    """The pages of a list, newest first. ``next_page`` is None after the last."""

    def __init__(
        self, caller: Caller, path: str, member: str, parser: Callable[[Fields, Meta], T], query: Mapping[str, str]
    ) -> None:
        self._caller = caller
        self._path = path
        self._member = member
        self._parser = parser
        self._query = dict(query)
        self._more = True

    def next_page(self) -> Flow[list[T]] | None:
        """Return the flow that fetches the next page."""
        return self._fetch() if self._more else None

    def _fetch(self) -> Flow[list[T]]:
        caller = self._caller
        answer = yield from caller.exchange(lambda: caller.request("GET", self._path, self._query))
        return caller.reader.parse(answer, lambda fields: self._parse(fields, answer))

    def _parse(self, fields: Fields, answer: Answer) -> list[T]:
        items = [self._parser(item, answer.meta) for item in fields.objects(self._member)]
        following = fields.optional_text("next")
        if following is not None and following == self._query.get("before"):
            raise FieldError("next is the page that was just read")
        self._more = following is not None
        self._query["before"] = following or ""
        return items


def _parse_providers(fields: Fields, meta: Meta) -> list[ProviderEntry]:
    return [parse_provider(entry, meta) for entry in fields.objects("providers")]


def _resolve_body(url: str, idempotency_key: str | None, webhook_url: str | None) -> dict[str, str]:
    _check_url(url)
    if idempotency_key is None:
        idempotency_key = os.urandom(16).hex()
    body = {"url": url, "idempotency_key": idempotency_key}
    if webhook_url is not None:
        body["webhook_url"] = webhook_url
    return body


def _check_url(url: object) -> None:
    if not isinstance(url, str):
        raise ConfigurationError(f"url must be text, not {type(url).__name__}.")


def _page_query(status: str | None, page_size: int | None, before: str | None) -> dict[str, str]:
    query = {"status": status, "limit": None if page_size is None else str(page_size), "before": before}
    return {name: value for name, value in query.items() if value is not None}


def _batch_prefix(batch: str | None) -> str | None:
    if batch is not None and not (isinstance(batch, str) and 1 <= len(batch) <= _MAX_BATCH):
        raise ConfigurationError(f"batch must have 1 to {_MAX_BATCH} characters.")
    return batch
