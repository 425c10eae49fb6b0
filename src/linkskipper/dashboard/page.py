"""A row of the table of pages, and what its handler gets."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from linkskipper.audit import NOT_SIGNED_IN, AuditEntry, record
from linkskipper.dashboard.chart import UsageChart, usage_chart
from linkskipper.dashboard.cookies import SessionCookie
from linkskipper.dashboard.errors import NotSignedInError, not_found
from linkskipper.dashboard.navigation import menu
from linkskipper.dashboard.query import NoticeQuery
from linkskipper.dashboard.services import DashboardServices
from linkskipper.dashboard.templates import Templates
from linkskipper.database import TimeLimit
from linkskipper.jobs import JobOwner
from linkskipper.people import Role, Session, SignInOrigin
from linkskipper.usage import UsageOwner, UsagePeriod, read_usage


class Access(IntEnum):
    """The rights that a page needs. Each one includes those before it, except that OPERATOR is a right of its own."""

    PUBLIC = 0
    KEY = 1  # anybody who signed in, also with a pasted API key
    VIEWER = 2
    DEVELOPER = 3
    OWNER = 4
    OPERATOR = 5


UUID_CHARACTERS = 36
MAX_FREE_LINES = 300  # in a minute, of a person or of the holder of a key, about what changes nothing
ROLES = {None: Access.KEY, Role.VIEWER: Access.VIEWER, Role.DEVELOPER: Access.DEVELOPER, Role.OWNER: Access.OWNER}


def allows(session: Session, access: Access) -> bool:
    """Tell whether a session has the rights that a page needs."""
    return session.is_operator if access is Access.OPERATOR else ROLES[session.role] >= access


@dataclass(slots=True)
class PageCall:
    """A request for a page, after all checks."""

    request: Request
    services: DashboardServices
    templates: Templates
    cookie: SessionCookie
    nonce: str
    request_id: str
    path: str
    method: str
    find_page: Callable[[str, str], "PageRoute | None"]
    time_limit: TimeLimit
    signed_in: Session | None = None
    query: Any = field(default_factory=NoticeQuery)
    form: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None

    @property
    def session(self) -> Session:
        """The session. Only public pages have none."""
        if self.signed_in is None:
            raise NotSignedInError
        return self.signed_in

    @property
    def user_id(self) -> int:
        """The user of the session. Only pages for people have one."""
        if self.session.user_id is None:
            raise NotSignedInError
        return self.session.user_id

    @property
    def owner(self) -> JobOwner:
        """The owner of the jobs that the session may see."""
        return JobOwner(self.session.account_id, self.session.key_id)

    @property
    def origin(self) -> SignInOrigin:
        """Where the request comes from."""
        client = self.request.client
        return SignInOrigin(client.host if client else "", self.request.headers.get("user-agent", ""))

    async def is_alive(self) -> bool:
        """Tell whether the session still goes on, in the same account. Responses that take long ask this meanwhile."""
        session = await self.services.sessions.find(self.cookie.read(self.request))
        return session is not None and session.account_id == self.session.account_id

    def may(self, access: Access) -> bool:
        """Tell whether the session has some rights."""
        return self.signed_in is not None and allows(self.signed_in, access)

    @property
    def may_resolve(self) -> bool:
        """Whether the session may spend credits."""
        return self.may(Access.DEVELOPER)

    def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page."""
        common = {"call": self, "nonce": self.nonce, "session": self.signed_in, "menu": menu(self.signed_in, self.path)}
        return self._with_cookie(self.templates.respond(template, status, common | values))

    def redirect(self, path: str) -> Response:
        """Lead the browser to a page of the dashboard, by GET."""
        return self._with_cookie(RedirectResponse(path, status_code=303))

    def identifier(self, name: str, thing: str) -> int:
        """Return a number in the path.

        Raises:
            PageError: 404 for any other text.
        """
        text = self.parameters[name]
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(2**63 - 1)) - 1):
            raise not_found(thing)
        return int(text)

    def uuid(self, name: str, thing: str) -> UUID:
        """Return an id of 36 characters in the path.

        Raises:
            PageError: 404 for any other text.
        """
        text = self.parameters[name]
        try:
            if len(text) == UUID_CHARACTERS:
                return UUID(text)
        except ValueError:
            pass
        raise not_found(thing)

    async def chart(self, owner: UsageOwner) -> UsageChart:
        """Return the use of an owner in the period of the query."""
        period: UsagePeriod = getattr(self.query, "period", UsagePeriod.DAY)
        return usage_chart(await read_usage(self.services.pool, owner, period), period)

    def entry(self, action: str, subject: str | None = None, *, account_id: int | None = None) -> AuditEntry:
        """Return an entry of the audit log about what the session does, to its own account or to another one."""
        session = self.signed_in
        return AuditEntry(
            action=action,
            actor=NOT_SIGNED_IN if session is None else session.actor,
            user_id=None if session is None else session.user_id,
            account_id=account_id or (None if session is None else session.account_id),
            subject=subject,
            address=self.origin.address,
            request_id=self.request_id,
        )

    async def audit(self, action: str, subject: str | None = None) -> None:
        """Write down what the session did."""
        await record(self.services.pool, self.entry(action, subject))

    async def audit_free(self, action: str, subject: str | None) -> None:
        """Write down something that changes nothing, and that anybody could do without end.

        The lines of one person are limited over all their sessions. Further ones are not written.
        """
        session = self.session
        who = f"key {session.key_id}" if session.user_id is None else f"user {session.user_id}"
        if await self.services.count_call(f"dashboard {who}", MAX_FREE_LINES) is None:
            await self.audit(action, subject)

    @property
    def recently_proven(self) -> bool:
        """Whether the person proved who they are in the last minutes."""
        return self.signed_in is not None and self.signed_in.recently_proven(datetime.now(UTC))

    def _with_cookie(self, response: Response) -> Response:
        if self.token is not None:
            self.cookie.set(response, self.token)
        return response


RouteHandler: TypeAlias = Callable[[PageCall], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class PageRoute:
    """A method of a path. On a page with `fresh_proof`, people need a proof of identity of the last minutes.

    The session of a pasted key needs none: with the key, its holder reads the same from the API.
    A page that `is_download` is a file, which a browser saves while it keeps showing the page before.
    """

    method: Literal["GET", "POST"]
    path: str
    handler: RouteHandler
    access: Access
    query_type: type[msgspec.Struct] = NoticeQuery
    fresh_proof: bool = False
    is_download: bool = False
