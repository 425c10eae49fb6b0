"""The client SDK of Link Skipper, an API that tells where short links lead.

::

    from linkskipper_sdk import LinkSkipper

    client = LinkSkipper("sk_live_…")
    print(client.resolve_and_wait("https://tinyurl.com/4k8wz2fp").target_url)
"""

from typing import TYPE_CHECKING, Any

from linkskipper_sdk._version import __version__
from linkskipper_sdk.client import LinkSkipper
from linkskipper_sdk.errors import (
    ApiError,
    ConfigurationError,
    ForbiddenScopeError,
    InternalError,
    InvalidKeyError,
    InvalidRequestError,
    JobFailedError,
    LinkRemovedError,
    LinkSkipperError,
    MethodNotAllowedError,
    NetworkError,
    NotFoundError,
    OutOfCreditsError,
    ProviderDownError,
    QuotaExceededError,
    RateLimitedError,
    RequestTimeoutError,
    ResolveFailedError,
    ServiceUnavailableError,
    UnexpectedResponseError,
    UnsupportedLinkError,
    WaitTimeout,
    WebhookVerificationError,
)
from linkskipper_sdk.models import (
    Account,
    AccountProvider,
    Delivery,
    DeliveryAttempt,
    DeliveryDetail,
    Job,
    Limit,
    Meta,
    Outcome,
    ProviderEntry,
    QueuedJob,
    RateLimit,
    RawResponse,
    ResolvedLink,
    ResolveResult,
    TraceHop,
    WebhookEvent,
)
from linkskipper_sdk.retry import RetryPolicy

if TYPE_CHECKING:
    from linkskipper_sdk.async_client import AsyncLinkSkipper
    from linkskipper_sdk.webhooks import sign_webhook, verify_webhook

__all__ = [
    "Account",
    "AccountProvider",
    "ApiError",
    "AsyncLinkSkipper",
    "ConfigurationError",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryDetail",
    "ForbiddenScopeError",
    "InternalError",
    "InvalidKeyError",
    "InvalidRequestError",
    "Job",
    "JobFailedError",
    "Limit",
    "LinkRemovedError",
    "LinkSkipper",
    "LinkSkipperError",
    "Meta",
    "MethodNotAllowedError",
    "NetworkError",
    "NotFoundError",
    "OutOfCreditsError",
    "Outcome",
    "ProviderDownError",
    "ProviderEntry",
    "QueuedJob",
    "QuotaExceededError",
    "RateLimit",
    "RateLimitedError",
    "RawResponse",
    "RequestTimeoutError",
    "ResolveFailedError",
    "ResolveResult",
    "ResolvedLink",
    "RetryPolicy",
    "ServiceUnavailableError",
    "TraceHop",
    "UnexpectedResponseError",
    "UnsupportedLinkError",
    "WaitTimeout",
    "WebhookEvent",
    "WebhookVerificationError",
    "__version__",
    "sign_webhook",
    "verify_webhook",
]

# Loaded when they are first used, so that the import stays quick.
_LAZY = {
    "AsyncLinkSkipper": "linkskipper_sdk.async_client",
    "sign_webhook": "linkskipper_sdk.webhooks",
    "verify_webhook": "linkskipper_sdk.webhooks",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_LAZY[name]), name)
