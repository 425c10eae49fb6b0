"""Every error that Link Skipper raises on purpose, in one tree.

LinkSkipperError
├── OperatorError            what the operator can mend: one line on stderr, exit 1
│   ├── SettingsError        a setting is missing or wrong
│   ├── DataDirError         the data directory cannot be used
│   ├── DatabaseError        the database cannot be reached or used
│   │   └── DatabaseUnavailable  it does not answer: the same call may succeed later
│   ├── SchemaError          the database's schema is not this version's
│   ├── PortInUseError       another process listens there
│   ├── CatalogError         a provider file is wrong
│   ├── HarError             a HAR file cannot be read or written
│   ├── ListenError          there is nothing to listen to
│   ├── UnknownRecordError   no account, key or provider has that id
│   └── OverdrawnError       an account has fewer credits than are to be taken back
├── ApiError                 what a client is told: a problem document (api.md, "Errors")
│   ├── InvalidRequest       400
│   ├── InvalidKey           401
│   ├── OutOfCredits         402
│   ├── ForbiddenScope       403
│   ├── NotFound             404
│   ├── LinkRemoved          410
│   ├── UnsupportedLink      422
│   ├── RateLimited          429
│   ├── QuotaExceeded        429
│   ├── ResolveFailed        502
│   └── ProviderDown         503
├── NotRecorded              a replay's recording does not hold what was asked for (har/replay.py)
├── NotResolved              a link has no target, told to programs (resolver/outcome.py)
│   ├── LinkFailed           another time it may have
│   └── LinkInvalid          it never will
├── EgressError              why nothing came back from outside (the rest of it: egress/errors.py)
└── Stopped                  a link goes no further
    ├── Stop                 a stop rule ended it (resolver/errors.py)
    ├── Full                 its provider has no place for it just now (resolver/errors.py)
    └── Unsupported          it is no link to begin with (resolver/errors.py)
"""

from typing import ClassVar


class LinkSkipperError(Exception):
    """The root: catch this to catch everything that is ours."""


class OperatorError(LinkSkipperError):
    """Something the operator can mend; its message is one line that says how."""


class SettingsError(OperatorError):
    """A setting is missing or wrong."""


class DataDirError(OperatorError):
    """The data directory cannot be read, written or owned."""


class DatabaseError(OperatorError):
    """The database cannot be reached, started or used."""


class DatabaseUnavailable(DatabaseError):
    """The database does not answer, restarts, or takes no more connections. The same call may succeed later."""


class SchemaError(OperatorError):
    """The database's schema is not the one that this version works with."""


class PortInUseError(OperatorError):
    """Another process already listens on the address."""


class CatalogError(OperatorError):
    """A provider file is wrong; the message names the file, the field and the fix."""


class HarError(OperatorError):
    """A HAR file cannot be read, is none, or cannot be written."""


class ListenError(OperatorError):
    """The service does not know the key, or the system does not know an address."""


class UnknownRecordError(OperatorError):
    """No account, key or provider has the given id."""


class OverdrawnError(OperatorError):
    """An account has fewer credits than are to be taken back, or its jobs under way hold them."""


class ApiError(LinkSkipperError):
    """What a client is told; answered as an RFC 9457 problem document.

    The status, code and title of each class are those of the table in api.md.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class InvalidRequest(ApiError):
    """A field is missing, unknown, of the wrong type or over its limit; or the body is no JSON object.

    ``detail`` names everything that is wrong at once. Sent again as it is, the request cannot succeed.
    """

    status, code, title = 400, "invalid_request", "Invalid request"


class InvalidKey(ApiError):
    """The API key is missing, malformed, unknown or revoked.

    The answer does not say which. Send a valid key as ``Authorization: Bearer sk_live_…``.
    """

    status, code, title = 401, "invalid_key", "Invalid API key"


class OutOfCredits(ApiError):
    """What the account can still spend is below the link's cost.

    ``balance`` is what it has; jobs under way hold part of that until they end, and what they do not cost is free
    again then. Links in the cache are answered all the same.
    """

    status, code, title = 402, "out_of_credits", "Out of credits"

    def __init__(self, detail: str, *, balance: int) -> None:
        super().__init__(detail)
        self.balance = balance


class ForbiddenScope(ApiError):
    """The key lacks the scope that the call needs.

    ``POST /v1/resolve`` needs ``resolve``; reading works with any valid key.
    """

    status, code, title = 403, "forbidden_scope", "Forbidden scope"


class NotFound(ApiError):
    """No such job for this key, or no such route.

    An unknown job, a malformed id and another key's job are answered alike; ask with the key that submitted it.
    Jobs that ended long ago are forgotten.
    """

    status, code, title = 404, "not_found", "Not found"


class LinkRemoved(ApiError):
    """The shortener is known to have removed the link.

    That is remembered for a while, a day unless the operator says otherwise; afterwards the link is tried again.
    """

    status, code, title = 410, "link_removed", "Link removed"


class UnsupportedLink(ApiError):
    """Not a link of a supported provider, or no URL in it.

    ``GET /v1/providers`` lists the hosts that are supported. For services that have closed, ``detail`` says when.
    """

    status, code, title = 422, "unsupported_link", "Unsupported link"


class RateLimited(ApiError):
    """The key's per-minute limit is used up.

    Wait out ``Retry-After``. The ``RateLimit`` field of every answer tells how many calls are left, and when there
    will be more.
    """

    status, code, title = 429, "rate_limited", "Rate limited"


class QuotaExceeded(ApiError):
    """The key's daily quota is used up.

    The next day begins at midnight UTC: ``Retry-After`` leads there. Reading works meanwhile, and links in the cache
    are answered.
    """

    status, code, title = 429, "quota_exceeded", "Daily quota exceeded"


class ResolveFailed(ApiError):
    """The job that this idempotency key started has failed.

    It cost nothing. ``GET /v1/jobs/{job_id}?include=trace`` tells why; to try again, use a new idempotency key.
    """

    status, code, title = 502, "resolve_failed", "Resolve failed"


class ProviderDown(ApiError):
    """The provider is switched off or its circuit is open.

    Wait out ``Retry-After``; links of other providers, and those in the cache, are answered meanwhile.
    """

    status, code, title = 503, "provider_down", "Provider unavailable"


class EgressError(LinkSkipperError):
    """Nothing usable came back from outside; the subclasses in egress say why."""


class Stopped(LinkSkipperError):
    """A link goes no further."""
