"""The errors that only the HTTP edge raises. Their docstrings are shown on the errors page."""

from collections.abc import Iterable

from linkskipper.errors import ApiError

DATABASE_RETRY_SECONDS = 2


class MethodNotAllowed(ApiError):
    """The address exists, but it does not support the method.

    The header ``Allow`` lists the methods that it supports.
    """

    status, code, title = 405, "method_not_allowed", "Method not allowed"

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = ", ".join(sorted(allowed))
        super().__init__(f"This address does not support the method. It supports {self.allowed}.")


class InternalError(ApiError):
    """The service failed because of a fault of its own.

    Send the request again. If it fails again, give the ``X-Request-Id`` to the operator. The log has the cause.
    """

    status, code, title = 500, "internal_error", "Internal error"

    def __init__(self) -> None:
        super().__init__("The service failed. Send the request again. If it fails again, report the X-Request-Id.")


class ServiceUnavailable(ApiError):
    """The service cannot reach its database, or has too many open connections.

    Wait for ``Retry-After`` and send the request again. Accepted jobs are not lost.
    """

    status, code, title = 503, "service_unavailable", "Service unavailable"

    def __init__(self, reason: str = "The service cannot reach its database.") -> None:
        super().__init__(f"{reason} Try again in a few seconds.", retry_after=DATABASE_RETRY_SECONDS)
