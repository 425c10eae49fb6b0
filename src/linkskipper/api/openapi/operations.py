"""Every operation with its examples and the errors that it can give (api.md)."""

from uuid import UUID

from linkskipper.accounts.authentication import INVALID_KEY_DETAIL
from linkskipper.api.body import ResolveRequest
from linkskipper.api.openapi.model import Operation, Success
from linkskipper.api.problems import (
    CRASHED,
    DATABASE_AWAY,
    RETRY_SECONDS,
    InternalError,
    ServiceUnavailable,
)
from linkskipper.api.routes.account import AccountAnswer, AccountProvider
from linkskipper.api.routes.jobs import JobAnswer, TraceHop
from linkskipper.api.routes.providers import ProviderAnswer, ProvidersAnswer
from linkskipper.api.routes.resolve import QueuedAnswer, ResolvedAnswer
from linkskipper.errors import (
    ForbiddenScope,
    InvalidKey,
    InvalidRequest,
    LinkRemoved,
    NotFound,
    OutOfCredits,
    ProviderDown,
    QuotaExceeded,
    RateLimited,
    ResolveFailed,
    UnsupportedLink,
)

JOB = UUID("019bb7a4-5a00-7c3e-9d41-3f1c6f0d2b8e")
LINK = "https://tinyurl.com/4k8wz2fp"
TARGET = "https://example.com/articles/42"

ANY_CALL = (
    InvalidKey(INVALID_KEY_DETAIL),
    RateLimited("This key may call 60 times in any 60 seconds: wait 12 s.", retry_after=12),
    InternalError(CRASHED),
    ServiceUnavailable(DATABASE_AWAY, retry_after=RETRY_SECONDS),
)

RESOLVE = Operation(
    "post",
    "/v1/resolve",
    name="resolve",
    summary="Resolve a link",
    description=(
        "A link that is known is answered at once, for nothing. For any other a job is queued: ask for it at its "
        "`poll_url`, or hold the answer with `?wait=`. A job costs its provider's price, and "
        "only when it ends done. Needs a key with the scope `resolve`. A repeat with the same idempotency key "
        "answers with the job that the first started, and starts and costs nothing."
    ),
    parameters=("wait", "Idempotency-Key"),
    bodies={
        "link": ResolveRequest(LINK),
        "with_webhook": ResolveRequest(LINK, "order-1842", "https://example.com/hooks/linkskipper"),
    },
    successes=(
        Success(
            200,
            "The link is in the cache; or its job was done in the time of `?wait=`, or before with this "
            "idempotency key.",
            {
                "from_the_cache": ResolvedAnswer(None, "done", LINK, TARGET, "tinyurl", "standard", 0, True, 99),  # noqa: FBT003
                "from_a_job": ResolvedAnswer(JOB, "done", LINK, TARGET, "tinyurl", "standard", 1, False, 98),  # noqa: FBT003
            },
        ),
        Success(
            202,
            "A job is under way.",
            {"queued": QueuedAnswer(JOB, "queued", 1, f"/v1/jobs/{JOB}")},
            headers=("Location",),
        ),
    ),
    errors=(
        *ANY_CALL,
        InvalidRequest("url: missing; send the link to resolve"),
        OutOfCredits(
            "This link costs 2 and 1 of the balance can still be spent, as jobs under way hold the rest: add credits, "
            "or wait for those jobs to end.",
            balance=3,
        ),
        ForbiddenScope("This key lacks the scope resolve: use or make one that has it."),
        LinkRemoved("The shortener says that this link was removed."),
        UnsupportedLink("No supported provider has links like this: see GET /v1/providers."),
        QuotaExceeded("This key may resolve 500 links a day: wait for midnight UTC.", retry_after=5400),
        ResolveFailed("The job of this idempotency key failed (timeout): use a new key to try again."),
        ProviderDown("This provider is unavailable just now: try again in 30 s.", retry_after=30),
    ),
)

READ_JOB = Operation(
    "get",
    "/v1/jobs/{job_id}",
    name="readJob",
    summary="Ask for a job",
    description=(
        "The state of a job of this key. `target_url`, `provider` and `tier` are there once it is done, `error` when "
        "it failed (`resolve_failed`) or was no link to resolve (`unsupported_link`). With `?wait=` the answer is held "
        "until the job ends; with `?include=trace` come the hops taken."
    ),
    parameters=("job_id", "wait", "include"),
    successes=(
        Success(
            200,
            "The job as it is now.",
            {
                "running": JobAnswer(JOB, "running", 0, 99),
                "done": JobAnswer(JOB, "done", 1, 98, TARGET, "tinyurl", "standard"),
                "failed": JobAnswer(JOB, "failed", 0, 99, error="resolve_failed"),
                "invalid": JobAnswer(JOB, "invalid", 0, 99, error="unsupported_link"),
                "failed_with_trace": JobAnswer(
                    JOB,
                    "failed",
                    0,
                    99,
                    error="resolve_failed",
                    trace=[TraceHop(LINK, "location-header", 301, 84.2), TraceHop(f"{LINK}/gate", None, 200, 112.9)],
                    reason="captcha_required",
                ),
            },
        ),
    ),
    errors=(
        *ANY_CALL,
        InvalidRequest("wait: Expected `float` <= 60.0"),
        NotFound("This key has no job of that id."),
    ),
)

READ_ACCOUNT = Operation(
    "get",
    "/v1/account",
    name="readAccount",
    summary="Ask for the account",
    description="The balance of the key's account, and the providers that it can be spent on.",
    successes=(
        Success(
            200,
            "The account.",
            {
                "account": AccountAnswer(
                    77, 99, "2026-06-05T12:00:00.000Z", [AccountProvider("tinyurl", "TinyURL", "standard")]
                ),
                "without_subscription": AccountAnswer(
                    None, 99, None, [AccountProvider("tinyurl", "TinyURL", "standard")]
                ),
            },
        ),
    ),
    errors=ANY_CALL,
)

LIST_PROVIDERS = Operation(
    "get",
    "/v1/providers",
    name="listProviders",
    summary="List the providers",
    description="Every shortener whose links are resolved, with its hosts, its price and how it is doing.",
    successes=(
        Success(
            200,
            "The providers.",
            {
                "providers": ProvidersAnswer(
                    [ProviderAnswer("tinyurl", "TinyURL", ["tinyurl.com"], "standard", 1, "1-2s", "up")]
                )
            },
        ),
    ),
    errors=ANY_CALL,
)

OPERATIONS = (RESOLVE, READ_JOB, READ_ACCOUNT, LIST_PROVIDERS)
