"""The client for code without an event loop."""

import time
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from linkskipper_sdk._core.base import BaseClient
from linkskipper_sdk._core.calls import Pages
from linkskipper_sdk._core.config import CallOptions
from linkskipper_sdk._core.effects import Flow
from linkskipper_sdk._core.options import SyncOptions, hide_secrets
from linkskipper_sdk._sync_driver import run_flow, run_many
from linkskipper_sdk._transport import SyncTransport
from linkskipper_sdk.models import (
    Account,
    Delivery,
    DeliveryDetail,
    Job,
    Outcome,
    ProviderEntry,
    RawResponse,
    ResolvedLink,
    ResolveResult,
)

T = TypeVar("T")


class LinkSkipper(BaseClient):
    """A client of the Link Skipper API.

    It keeps its connections: make one and use it everywhere, from any thread. Every call takes the options
    ``timeout``, ``retry`` and ``headers``. Errors are those of ``linkskipper_sdk.errors``.

    Args:
        api_key: The key (``sk_live_…``). Default: the environment variable ``LINKSKIPPER_API_KEY``.
        options: See ``SyncOptions``.

    Raises:
        ConfigurationError: an option is missing or wrong.
    """

    def __init__(self, api_key: str | None = None, **options: Unpack[SyncOptions]) -> None:
        hidden = hide_secrets(api_key, options)
        del api_key
        super().__init__(hidden)
        self._owns_transport = "http_client" not in options
        self._transport = SyncTransport(options.get("http_client"), self._config.api_key, self._config.clock)
        self._sleeper = options.get("sleeper") or time.sleep
        self.webhooks = Webhooks(self)

    def resolve(
        self,
        url: str,
        *,
        idempotency_key: str | None = None,
        webhook_url: str | None = None,
        wait: float = 0.0,
        **options: Unpack[CallOptions],
    ) -> ResolveResult:
        """Resolve a link, or queue a job for it. ``status`` tells which: ``done`` or ``queued``.

        Args:
            url: The link.
            idempotency_key: Repeats with the same key start and cost nothing. Default: a new key per call.
            webhook_url: A public HTTPS address that is told when the job ends.
            wait: Seconds that the service may hold the answer, up to 60, until the job has ended.
            options: The options of this call.
        """
        return self._run(
            self._calls.resolve(url, options, idempotency_key=idempotency_key, webhook_url=webhook_url, wait=wait)
        )

    def resolve_and_wait(
        self,
        url: str,
        *,
        idempotency_key: str | None = None,
        webhook_url: str | None = None,
        max_wait: float | None = None,
        poll_interval: float | None = None,
        **options: Unpack[CallOptions],
    ) -> ResolvedLink:
        """Resolve a link and wait for it.

        Args:
            url: The link.
            idempotency_key: Repeats with the same key start and cost nothing. Default: a new key per call.
            webhook_url: A public HTTPS address that is told when the job ends.
            max_wait: Seconds for everything together. Default: that of the client.
            poll_interval: Seconds between polls, where the service does not hold answers.
            options: The options of this call.

        Raises:
            JobFailedError: the job ended failed or invalid.
            WaitTimeout: the deadline passed. Its ``job_id`` goes to ``wait_for_job``.
        """
        return self._run(
            self._calls.resolve_and_wait(
                url,
                options,
                idempotency_key=idempotency_key,
                webhook_url=webhook_url,
                max_wait=max_wait,
                poll_interval=poll_interval,
            )
        )

    def wait_for_job(
        self,
        job_id: str,
        *,
        max_wait: float | None = None,
        poll_interval: float | None = None,
        **options: Unpack[CallOptions],
    ) -> ResolvedLink:
        """Wait for a job that was queued before: after a timeout, a restart or a webhook that never came.

        Raises:
            JobFailedError: the job ended failed or invalid.
            WaitTimeout: the deadline passed.
        """
        return self._run(self._calls.wait_for_job(job_id, options, max_wait=max_wait, poll_interval=poll_interval))

    def resolve_many(
        self,
        urls: Iterable[str],
        *,
        concurrency: int = 8,
        batch: str | None = None,
        webhook_url: str | None = None,
        max_wait: float | None = None,
        poll_interval: float | None = None,
        **options: Unpack[CallOptions],
    ) -> Iterator[Outcome]:
        """Resolve many links at once, within the rate limit, and yield each outcome as it comes.

        An outcome has the ``index`` and ``url`` of its link, and either ``link`` or ``error``. Errors that every
        further link would meet (an invalid key, a missing scope, no credits, no quota) end the run: links in
        progress give their outcomes, the rest is not sent, and then the error is raised.

        Args:
            urls: The links. They are taken when they are needed, so the source may be endless.
            concurrency: How many links are in progress at most.
            batch: A name of up to 63 characters. A second run with the same name starts and pays nothing twice.
            webhook_url: A public HTTPS address that is told when each job ends.
            max_wait: Seconds for each link. Pauses for the rate limit do not count.
            poll_interval: Seconds between polls, where the service does not hold answers.
            options: The options of these calls.
        """
        run = self._calls.resolve_many(
            urls,
            options,
            concurrency=concurrency,
            batch=batch,
            webhook_url=webhook_url,
            max_wait=max_wait,
            poll_interval=poll_interval,
        )
        return run_many(run, self._transport.send)

    def get_job(self, job_id: str, *, wait: float = 0.0, trace: bool = False, **options: Unpack[CallOptions]) -> Job:
        """Return the state of a job.

        Args:
            job_id: The job.
            wait: Seconds that the service may hold the answer, up to 60, until the job has ended.
            trace: Whether to ask for the hops taken and the precise reason of a failure.
            options: The options of this call.
        """
        return self._run(self._calls.get_job(job_id, options, wait=wait, trace=trace))

    def jobs(
        self,
        *,
        status: str | None = None,
        page_size: int | None = None,
        before: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Iterator[Job]:
        """Iterate over the jobs of the key, newest first. Pages are fetched when they are needed.

        Args:
            status: Only jobs of this status.
            page_size: Jobs per request, 1 to 100.
            before: Begin after this job id.
            options: The options of these calls.
        """
        return self._iterate(self._calls.jobs(options, status=status, page_size=page_size, before=before))

    def account(self, **options: Unpack[CallOptions]) -> Account:
        """Return the account that the key belongs to."""
        return self._run(self._calls.account(options))

    def providers(self, **options: Unpack[CallOptions]) -> list[ProviderEntry]:
        """Return the providers whose links the service resolves."""
        return self._run(self._calls.providers(options))

    def provider_for(self, url: str, **options: Unpack[CallOptions]) -> ProviderEntry | None:
        """Return the provider of a link, or None. It tells the cost and whether the provider is up."""
        return self._run(self._calls.provider_for(url, options))

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        **options: Unpack[CallOptions],
    ) -> RawResponse:
        """Send a request that this package has no method for. Errors are raised as for any call.

        Args:
            method: The HTTP method.
            path: The path below the address of the service, such as ``/v1/account``.
            query: Query parameters.
            body: A JSON value.
            options: The options of this call.
        """
        return self._run(self._calls.request(method, path, options, query=query, body=body))

    def with_options(self, **options: Unpack[SyncOptions]) -> Self:
        """Return a client with other options. It shares the connections unless it gets an ``http_client``."""
        clone = type(self)(**self._merge(options))
        if "http_client" not in options:
            clone._transport = self._transport  # noqa: SLF001  of the same class
            clone._owns_transport = False  # noqa: SLF001
        return clone

    def close(self) -> None:
        """Close the connections. A client that was handed in stays open."""
        if self._owns_transport:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, flow: Flow[T]) -> T:
        return run_flow(flow, self._transport.send, self._sleeper)

    def _iterate(self, pages: Pages[T]) -> Iterator[T]:
        while (flow := pages.next_page()) is not None:
            yield from self._run(flow)


class Webhooks:
    """The webhook deliveries of the key."""

    def __init__(self, client: LinkSkipper) -> None:
        self._calls = client._calls  # noqa: SLF001  a part of the client
        self._run = client._run  # noqa: SLF001
        self._iterate = client._iterate  # noqa: SLF001

    def deliveries(
        self,
        *,
        status: str | None = None,
        page_size: int | None = None,
        before: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Iterator[Delivery]:
        """Iterate over the deliveries, newest first. ``status``: ``pending``, ``delivered`` or ``failed``."""
        return self._iterate(self._calls.deliveries(options, status=status, page_size=page_size, before=before))

    def delivery(self, delivery_id: str, **options: Unpack[CallOptions]) -> DeliveryDetail:
        """Return a delivery with its event and its attempts."""
        return self._run(self._calls.delivery(delivery_id, options))

    def redeliver(self, delivery_id: str, **options: Unpack[CallOptions]) -> Delivery:
        """Send a delivery again."""
        return self._run(self._calls.redeliver(delivery_id, options))
