"""Every error that Link Skipper raises on purpose, in one tree.

LinkSkipperError
├── OperatorError            an error that the operator can fix: one line on stderr, exit 1
│   ├── SettingsError        a setting is missing or wrong
│   ├── DataDirError         the data directory cannot be used
│   ├── DatabaseError        the database cannot be reached or used
│   │   └── DatabaseUnavailable  the database does not answer: the same call may succeed later
│   │       └── LockTimeout  others kept a row or a table locked
│   ├── BackupError          a backup cannot be written, read or restored
│   ├── SchemaError          the database's schema is not this version's
│   ├── PortInUseError       another process listens there
│   ├── WorkerNotStarted     a worker process of serve ended before it was ready
│   ├── SystemUserError      a program has no system user to run as
│   ├── CatalogError         a provider file is wrong
│   ├── InputError           a file of links cannot be read
│   ├── HarError             a HAR file cannot be read or written
│   ├── ListenError          there is nothing to listen to
│   ├── UnknownRecordError   no account, key or provider has that id
│   ├── UserExistsError      another user has that name, or the audit log uses it
│   ├── OverdrawnError       an account has fewer credits than are to be taken back
│   └── ReferenceUsedError   a reference of the ledger stands for another change
├── ApiError                 answered as a problem document (docs/reference/api.md, "Errors")
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
├── SignInError              a person cannot sign in, or prove who they are
│   ├── SignInRefused        what they typed is wrong
│   └── TooManyAttempts      the name or the address failed too often
├── TooManyTestEvents        an account sent too many test events
├── VoucherError             a voucher cannot be redeemed
│   ├── VoucherRefused       its code is unknown, used, expired or revoked
│   └── TooManyVoucherTries  the account tried too many wrong codes
├── NotRecorded              a recording does not hold the request (egress/har/replay.py)
├── NotResolved              a link has no target, raised by the library (resolver/result.py)
│   ├── LinkFailed           a later try may succeed
│   └── LinkInvalid          no try can succeed
├── EgressError              a request outside failed (its subclasses: egress/errors.py)
└── Stopped                  a link goes no further
    ├── Stop                 a stop rule ended it (resolver/errors.py)
    ├── ProviderAtCapacity   its provider has no free slot now (resolver/errors.py)
    └── Unsupported          it is not a link of a supported provider (resolver/errors.py)
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Self


class LinkSkipperError(Exception):
    """The root of the tree. Catch it to catch every error of Link Skipper."""


class OperatorError(LinkSkipperError):
    """An error that the operator can fix. Its message is one line that says how."""


class SettingsError(OperatorError):
    """A setting is missing or wrong."""


class DataDirError(OperatorError):
    """The data directory cannot be read, written or owned."""


class DatabaseError(OperatorError):
    """The database cannot be reached, started or used."""


class DatabaseUnavailable(DatabaseError):
    """The database does not answer, restarts, or takes no more connections. The same call may succeed later."""


class LockTimeout(DatabaseUnavailable):
    """Others kept a row or a table locked for longer than a statement may wait. The connection is not lost."""


class BackupError(OperatorError):
    """A backup cannot be written, read or restored."""


class SchemaError(OperatorError):
    """The database's schema is not the one that this version needs."""


class PortInUseError(OperatorError):
    """Another process already listens on the address."""


class WorkerNotStarted(OperatorError):
    """A worker process of `serve` ended before it was ready."""


class SystemUserError(OperatorError):
    """A program that must not run as root has no system user, or that user cannot reach its files."""


class CatalogError(OperatorError):
    """A provider file is wrong. The message names the file, the field and the fix."""


class InputError(OperatorError):
    """A file of links, or of their results, cannot be read, or is not in its format."""


class HarError(OperatorError):
    """A HAR file cannot be read or written, or is not HAR."""


class ListenError(OperatorError):
    """The service does not know the key, or its address cannot be resolved."""


class UnknownRecordError(OperatorError):
    """The account, key or other record that a command or a page names does not exist."""

    @classmethod
    def of(cls, record: str, group: str, problem: str = "does not exist") -> Self:
        """Return the error of a record, such as "Key 5". The command `list` of its group shows those that exist."""
        return cls(f"{record} {problem}. To see all {group}, run: linkskipper {group} list")


class UserExistsError(OperatorError):
    """Another user has the name, or the audit log uses it for something else. Names are compared without their case."""


class LastOperatorError(OperatorError):
    """A change would leave the service without an operator who is enabled."""


class OverdrawnError(OperatorError):
    """An account has fewer credits than a correction takes back, or its jobs under way hold them."""


class ReferenceUsedError(OperatorError):
    """A reference of the ledger stands for another change. Each one is booked once."""


class ApiError(LinkSkipperError):
    """An error that is answered as a problem document (RFC 9457).

    The status, code and title of each class are those of docs/reference/api.md, "Errors".
    """

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class InvalidRequest(ApiError):
    """A field is missing, unknown, of the wrong type or over its limit, or the body is not a JSON object.

    ``detail`` names every mistake at once. The same request cannot succeed.
    """

    status, code, title = 400, "invalid_request", "Invalid request"


class InvalidKey(ApiError):
    """The API key is missing, malformed, unknown or revoked.

    The answer does not say which. Send a valid key as ``Authorization: Bearer sk_live_…``.
    """

    status, code, title = 401, "invalid_key", "Invalid API key"


class OutOfCredits(ApiError):
    """The account has fewer credits available than the link costs.

    ``balance`` is the account's whole balance. Jobs under way hold a part of it until they end. Links in the cache
    are still answered. ``detail`` names the pages where the account buys credits, if the operator has any.
    """

    status, code, title = 402, "out_of_credits", "Out of credits"

    def __init__(self, detail: str, *, balance: int) -> None:
        super().__init__(detail)
        self.balance = balance

    def with_pages(self, pages: Sequence[tuple[str, str]]) -> Self:
        """Return the same error that also names pages where the account buys credits, as labels with URLs."""
        named = ", ".join(f"{label} {url}" for label, url in pages)
        return type(self)(f"{self.detail} Buy credits: {named}", balance=self.balance) if pages else self


class ForbiddenScope(ApiError):
    """The key lacks the scope that the call needs.

    ``POST /v1/resolve`` needs the scope ``resolve``. Any valid key can read, and the keys of a
    closed account can only read.
    """

    status, code, title = 403, "forbidden_scope", "Forbidden scope"


class NotFound(ApiError):
    """The key has no such job or delivery, or the route does not exist.

    An unknown or malformed id and the id of another key are answered alike. Ask with the key that submitted the job.
    Jobs that ended long ago are deleted.
    """

    status, code, title = 404, "not_found", "Not found"


class LinkRemoved(ApiError):
    """The shortener is known to have removed the link.

    The service remembers this for a day, or for as long as the operator has set. After that it tries the link again.
    """

    status, code, title = 410, "link_removed", "Link removed"


class UnsupportedLink(ApiError):
    """The text holds no URL, or the URL is not a link of a supported provider.

    ``GET /v1/providers`` lists the supported hosts. For a service that has closed, ``detail`` says when.
    """

    status, code, title = 422, "unsupported_link", "Unsupported link"


class RateLimited(ApiError):
    """The key's per-minute limit is used up.

    Wait for ``Retry-After`` seconds. The ``RateLimit`` field of every answer says how many calls are left, and when the
    limit resets.
    """

    status, code, title = 429, "rate_limited", "Rate limited"


class QuotaExceeded(ApiError):
    """The key's daily quota is used up.

    The next day begins at midnight UTC. The ``"daily"`` item of ``RateLimit`` says how many seconds remain.
    ``Retry-After`` is at most 60. Reads and links in the cache are still answered.
    """

    status, code, title = 429, "quota_exceeded", "Daily quota exceeded"


class ResolveFailed(ApiError):
    """The job that this idempotency key started has failed.

    It cost nothing. ``GET /v1/jobs/{job_id}?include=trace`` says why. To try again, use a new idempotency key.
    """

    status, code, title = 502, "resolve_failed", "Resolve failed"


class ProviderDown(ApiError):
    """The provider is switched off or its circuit is open.

    Wait for ``Retry-After`` seconds. Links of other providers and links in the cache are still answered.
    """

    status, code, title = 503, "provider_down", "Provider unavailable"


class SignInError(LinkSkipperError):
    """A person cannot sign in, or cannot prove who they are. The message is for that person."""


class SignInRefused(SignInError):
    """A password, a code, a link or a key is wrong. The message does not say which part."""


class TooManyAttempts(SignInError):
    """The name or the address failed too often. `window` is the time in which failures count."""

    def __init__(self, window: timedelta) -> None:
        super().__init__(f"Too many attempts failed. Try again in {window.seconds // 60} min.")
        self.window = window


class TooManyTestEvents(LinkSkipperError):
    """An account sent too many test events. The message is for the person who sends them."""

    def __init__(self, limit: int, window: timedelta) -> None:
        super().__init__(f"An account can send {limit} test events in {window.seconds // 60} min. Try again later.")


class VoucherError(LinkSkipperError):
    """A voucher cannot be redeemed. The message is for the person who has its code."""


class VoucherRefused(VoucherError):
    """The code is unknown, used, expired or revoked. The message does not say which."""

    def __init__(self) -> None:
        super().__init__("This code is not valid. It was mistyped, used before, or has expired.")


class TooManyVoucherTries(VoucherError):
    """The account tried too many wrong codes."""

    def __init__(self, window: timedelta) -> None:
        super().__init__(f"Too many codes were wrong. Try again in {window.seconds // 60} min.")


class EgressError(LinkSkipperError):
    """A request outside failed. The subclasses in egress/errors.py say why."""


class Stopped(LinkSkipperError):
    """A link goes no further."""
