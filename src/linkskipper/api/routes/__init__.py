"""The route table. A new endpoint is a module here and a line in ENDPOINTS."""

from linkskipper.api.endpoint import AnyEndpoint
from linkskipper.api.routes import account, events, jobs, providers, resolve, webhooks

ENDPOINTS: tuple[AnyEndpoint, ...] = (
    resolve.RESOLVE,
    jobs.LIST_JOBS,
    jobs.READ_JOB,
    account.READ_ACCOUNT,
    providers.LIST_PROVIDERS,
    webhooks.LIST_DELIVERIES,
    webhooks.READ_DELIVERY,
    webhooks.REDELIVER,
)
"""The documented endpoints, in the order in which the documentation shows them."""

INTERNAL_ENDPOINTS: tuple[AnyEndpoint, ...] = (events.LISTEN,)
"""The endpoints that only our own commands call."""
