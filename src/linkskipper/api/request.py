"""A request as the HTTP edge reads it."""

import re
from uuid import UUID

import msgspec
from starlette.types import Receive, Scope

from linkskipper.accounts import ApiKey
from linkskipper.api.limit_headers import KeyLimits
from linkskipper.database import TimeLimit

ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")


class Request(msgspec.Struct, gc=False):
    """A request. `headers` has the first header of each name. `limits` are those of its
    `key`, once it is known. `job_id` is the job that it is about, for the request log. `route` is the path of its
    route, with the names of parameters in braces, None if no route has its path.
    """

    scope: Scope
    receive: Receive
    headers: dict[bytes, bytes]
    path_parameters: dict[str, str]
    time_limit: TimeLimit
    limits: KeyLimits | None = None
    key: ApiKey | None = None
    job_id: UUID | None = None
    route: str | None = None

    def header(self, name: bytes) -> str | None:
        """Return a header by its name in lower case, None if there is none."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def count_accepted(self) -> None:
        """Count this resolve in the daily quota that the response shows."""
        if self.limits is not None and self.limits.used_today is not None:
            self.limits.used_today += 1

    def show_used_quota(self) -> None:
        """Show that the daily quota is used up. Requests that came meanwhile may have done that."""
        if self.limits is not None:
            self.limits.used_today = self.limits.daily_quota
