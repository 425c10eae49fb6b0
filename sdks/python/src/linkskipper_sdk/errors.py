"""The errors that this package raises.

::

    LinkSkipperError
    ├── ConfigurationError            an option or argument is missing or wrong
    ├── ApiError                      the service answered with an error
    │   ├── InvalidRequestError       400 invalid_request
    │   ├── InvalidKeyError           401 invalid_key
    │   ├── OutOfCreditsError         402 out_of_credits
    │   ├── ForbiddenScopeError       403 forbidden_scope
    │   ├── NotFoundError             404 not_found
    │   ├── MethodNotAllowedError     405 method_not_allowed
    │   ├── LinkRemovedError          410 link_removed
    │   ├── UnsupportedLinkError      422 unsupported_link
    │   ├── RateLimitedError          429 rate_limited
    │   ├── QuotaExceededError        429 quota_exceeded
    │   ├── InternalError             500 internal_error
    │   ├── ResolveFailedError        502 resolve_failed
    │   ├── ProviderDownError         503 provider_down
    │   ├── ServiceUnavailableError   503 service_unavailable
    │   └── UnexpectedResponseError   anything else: HTML of a proxy, a redirect, broken JSON, an unknown code
    ├── NetworkError                  no whole answer arrived
    │   └── RequestTimeoutError       one attempt took longer than its timeout
    ├── WaitTimeout                   a wait reached its deadline (also a builtin TimeoutError)
    ├── JobFailedError                the job ended failed or invalid
    └── WebhookVerificationError      a webhook is not what it claims to be
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from linkskipper_sdk.models import Job, Meta, TraceHop


class LinkSkipperError(Exception):
    """The base of all errors of this package.

    Attributes:
        message: What went wrong, for people. It never holds a secret.
        is_retryable: Whether the same call may succeed later without a change.
        job_id: The job that the call was waiting for, if it knew one. ``wait_for_job`` goes on with it.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.job_id: str | None = None

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may succeed later without a change."""
        return False


class ConfigurationError(LinkSkipperError):
    """An option or an argument is missing or wrong. No request was sent."""


class ApiError(LinkSkipperError):
    """The service answered with an error.

    Attributes:
        status: The HTTP status.
        code: The error code, such as ``rate_limited``, or None.
        title: The title of the problem document.
        detail: What to do about it.
        type: The URL that explains the code.
        request_id: Names the request in the service's log.
        retry_after: Seconds after which a retry can succeed.
        headers: The headers of the answer, by names in lower case.
        body: The body of the answer as text.
        meta: The same ``meta`` that results have.
    """

    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 0,
        code: str | None = None,
        title: str | None = None,
        detail: str | None = None,
        type_: str | None = None,
        retry_after: float | None = None,
        body: str = "",
        meta: "Meta | None" = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.type = type_
        self.retry_after = retry_after
        self.body = body
        self.meta = meta

    @property
    def request_id(self) -> str | None:
        """The id of the request in the service's log."""
        return self.meta.request_id if self.meta else None

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer, by names in lower case."""
        return self.meta.headers if self.meta else {}

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may succeed later without a change."""
        return self.retryable


class InvalidRequestError(ApiError):
    """A field is missing, unknown, of a wrong type or over its limit."""


class InvalidKeyError(ApiError):
    """The API key is missing, malformed, unknown or revoked."""


class OutOfCreditsError(ApiError):
    """The account cannot pay for the link.

    Attributes:
        balance: The credits of the account, if the service says so.
    """

    balance: int | None = None


class ForbiddenScopeError(ApiError):
    """The key lacks the scope that the call needs."""


class NotFoundError(ApiError):
    """The key has no such job or delivery."""


class MethodNotAllowedError(ApiError):
    """The route does not take this method."""


class LinkRemovedError(ApiError):
    """The shortener has removed the link."""


class UnsupportedLinkError(ApiError):
    """No supported provider has links like this."""


class RateLimitedError(ApiError):
    """The per-minute limit of the key is used up."""

    retryable = True


class QuotaExceededError(ApiError):
    """The daily quota of the key is used up."""


class InternalError(ApiError):
    """The service failed."""

    retryable = True


class ResolveFailedError(ApiError):
    """The job that this idempotency key started has failed."""


class ProviderDownError(ApiError):
    """The provider is switched off or failing."""

    retryable = True


class ServiceUnavailableError(ApiError):
    """The service cannot reach its database."""

    retryable = True


class UnexpectedResponseError(ApiError):
    """The answer does not come from the API as this package knows it."""

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may succeed later without a change."""
        return self.status in {408, 409, 429} or self.status >= 500  # noqa: PLR2004  HTTP statuses


class NetworkError(LinkSkipperError):
    """No whole answer arrived. ``cause`` is the error of the HTTP client."""

    def __init__(self, message: str = "", *, cause: BaseException | None = None) -> None:
        super().__init__(message)
        self.cause = cause

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may succeed later without a change."""
        return True


class RequestTimeoutError(NetworkError):
    """One attempt took longer than its timeout."""


class WaitTimeout(LinkSkipperError, TimeoutError):
    """A wait reached its deadline. The job goes on: call ``wait_for_job`` with ``job_id``.

    Attributes:
        waited: Seconds since the call began.
        last_error: The error of the last exchange, if it failed.
    """

    def __init__(self, message: str = "", *, waited: float = 0.0, last_error: LinkSkipperError | None = None) -> None:
        super().__init__(message)
        self.waited = waited
        self.last_error = last_error


class JobFailedError(LinkSkipperError):
    """The job ended failed or invalid.

    Attributes:
        job: The job, or None where the service only told that the job of an idempotency key had failed.
        reason: ``resolve_failed`` or ``unsupported_link``, as in the official clients.
        stop_reason: The precise rule that ended the job, such as ``captcha_required``, if the service tells it.
        trace: The hops that were taken, if the service tells them.
    """

    def __init__(self, message: str = "", *, job: "Job | None" = None, reason: str = "resolve_failed") -> None:
        super().__init__(message)
        self.job = job
        self.reason = reason
        self.job_id = job.job_id if job else None

    @property
    def stop_reason(self) -> str | None:
        """The precise rule that ended the job, such as ``captcha_required``."""
        return self.job.reason if self.job else None

    @property
    def trace(self) -> "Sequence[TraceHop] | None":
        """The hops that were taken."""
        return self.job.trace if self.job else None


class WebhookVerificationError(LinkSkipperError):
    """A webhook is not what it claims to be.

    Attributes:
        code: ``missing_header``, ``malformed_header``, ``timestamp_too_old``, ``timestamp_too_new``,
            ``no_matching_signature`` or ``invalid_payload``.
    """

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


ERRORS_BY_CODE: Mapping[str, type[ApiError]] = {
    "invalid_request": InvalidRequestError,
    "invalid_key": InvalidKeyError,
    "out_of_credits": OutOfCreditsError,
    "forbidden_scope": ForbiddenScopeError,
    "not_found": NotFoundError,
    "method_not_allowed": MethodNotAllowedError,
    "link_removed": LinkRemovedError,
    "unsupported_link": UnsupportedLinkError,
    "rate_limited": RateLimitedError,
    "quota_exceeded": QuotaExceededError,
    "internal_error": InternalError,
    "resolve_failed": ResolveFailedError,
    "provider_down": ProviderDownError,
    "service_unavailable": ServiceUnavailableError,
}
