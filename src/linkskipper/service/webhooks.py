"""Build the worker that delivers webhooks."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from linkskipper.accounts import WebhookSecrets, load_keyring
from linkskipper.database import Pool
from linkskipper.egress import Client, FetchLimits, Policy, RefusalCounter
from linkskipper.resolver import USER_AGENT
from linkskipper.settings import Settings
from linkskipper.traces import Tracer
from linkskipper.webhooks import (
    AttemptRecorder,
    DeliveryWorker,
    ExemptReceivers,
    HostLeases,
    PendingDeliveries,
    Receivers,
    RetrySchedule,
    WebhookClient,
)

CONCURRENT_HOSTS = 200  # hosts to which one process sends at once


@asynccontextmanager
async def delivery_worker(
    settings: Settings, pool: Pool, refusals: RefusalCounter, tracer: Tracer | None = None
) -> AsyncIterator[DeliveryWorker]:
    """Make a delivery worker with egress clients of its own. They count in `refusals` what they are refused.

    Raises:
        SettingsError, DataDirError: an egress setting or the service's secret cannot be read.
    """
    schedule = RetrySchedule(settings.webhook_schedule, random.random)
    async with AsyncExitStack() as stack:
        yield DeliveryWorker(
            HostLeases(pool),
            PendingDeliveries(pool, WebhookSecrets(pool, load_keyring(settings))),
            WebhookClient(await _receivers(settings, refusals, stack), tracer=tracer),
            AttemptRecorder(pool, schedule, pause_after=timedelta(days=settings.webhook_pause_days)),
            per_host=settings.webhook_per_host,
            random=random.random,
        )


async def _receivers(settings: Settings, refusals: RefusalCounter, stack: AsyncExitStack) -> Receivers:
    public = await stack.enter_async_context(_client(settings, _policy(settings, refusals)))
    if not settings.webhook_egress_allow and not settings.webhook_host_map:
        return Receivers(public)
    policy = _policy(settings, refusals, allow=settings.webhook_egress_allow, host_map=settings.webhook_host_map)
    return Receivers(public, ExemptReceivers(await stack.enter_async_context(_client(settings, policy)), policy))


def _policy(
    settings: Settings, refusals: RefusalCounter, *, allow: tuple[str, ...] = (), host_map: tuple[str, ...] = ()
) -> Policy:
    policy = Policy.parse(
        ports=settings.egress_ports,
        allow=allow,
        deny=settings.egress_deny,
        host_map=host_map,
        extra_ca=settings.extra_ca,
    )
    return replace(policy, refusals=refusals)


def _client(settings: Settings, policy: Policy) -> Client:
    return Client(
        policy,
        user_agent=USER_AGENT,
        connections=CONCURRENT_HOSTS * settings.webhook_per_host,
        limits=FetchLimits(fetch_seconds=settings.webhook_timeout),
    )
