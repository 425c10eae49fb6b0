"""The ASGI application of the dashboard."""

import secrets
from time import monotonic

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from linkskipper.dashboard import pages
from linkskipper.dashboard.assets import PATH as ASSETS
from linkskipper.dashboard.assets import Assets
from linkskipper.dashboard.cookies import SessionCookie
from linkskipper.dashboard.errors import PageError, forbidden
from linkskipper.dashboard.guards import Guards
from linkskipper.dashboard.page import Access, PageCall, PageRoute, allows
from linkskipper.dashboard.pages.sign_in import ask_proof, ask_sign_in
from linkskipper.dashboard.query import read_form, read_query
from linkskipper.dashboard.routing import PageTable
from linkskipper.dashboard.services import DashboardServices
from linkskipper.dashboard.templates import Templates
from linkskipper.dashboard.visible import visible
from linkskipper.database import TimeLimit, TimeLimits
from linkskipper.errors import DatabaseError, SignInError, TooManyAttempts
from linkskipper.jobs import close_stream

log = structlog.get_logger()

PREFIX = "/dashboard"
AWAY = PageError(503, "The database is away", "The service cannot reach its database. This page tries again by itself.")
CRASHED = PageError(500, "The service failed", "Try again. If it fails again, give the request id to the operator.")
RETRY_SECONDS = 5
LOG_SECONDS = 1
MAX_REFUSED_CHARACTERS = 200  # of a path in the audit log


class Dashboard:
    """All pages. Each response forbids every script but our own, and is kept by no cache."""

    def __init__(self, services: DashboardServices) -> None:
        self._services = services
        self._assets = Assets(services.style)
        self._templates = Templates(self._assets)
        self._guards = Guards(services.base_url, services.hosts)
        self._cookie = SessionCookie(services.base_url)
        self._time_limits = TimeLimits()
        self._next_log_at = 0.0  # of a database that is away: anybody can send requests without end
        self.table = PageTable(pages.PAGES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        request = Request(scope, receive)
        call = PageCall(
            request=request,
            services=self._services,
            templates=self._templates,
            cookie=self._cookie,
            nonce=secrets.token_urlsafe(16),
            request_id=secrets.token_hex(16),
            path=request.scope["path"].rstrip("/"),
            method=request.method,
            find_page=self.table.get,
            time_limit=TimeLimit(self._time_limits),
        )
        bind_contextvars(request_id=call.request_id)
        response = await self._respond(call)
        response.headers.update(_headers(call))
        if "cache-control" not in response.headers:
            response.headers["cache-control"] = "no-store"
        try:
            await response(scope, receive, send)
        finally:
            await close_stream(response)

    async def _respond(self, call: PageCall) -> Response:
        try:
            self._guards.check_host(call.request)
            if call.request.url.path.startswith(ASSETS):
                return self._assets.respond(call.request)
            with call.time_limit:
                call.signed_in = await self._services.sessions.find(self._cookie.read(call.request))
                return await self._open(call)
        except DatabaseError as error:
            self._log_away(error)
            return _error_page(call, error)
        except Exception as error:
            return _error_page(call, error)

    def _log_away(self, error: DatabaseError) -> None:
        if monotonic() >= self._next_log_at:
            self._next_log_at = monotonic() + LOG_SECONDS
            log.error("dashboard.database_away", error=str(error))

    async def _open(self, call: PageCall) -> Response:
        page, call.parameters = self.table.find(call.method, call.path)
        if page.method == "POST":
            self._guards.check_same_site(call.request)
            call.time_limit.paused = True
            call.form = await read_form(call.request)
            call.time_limit.paused = False
        return await self._run(call, page)

    async def _run(self, call: PageCall, page: PageRoute) -> Response:
        """Run a page for a session that has the rights for it, or ask for what is missing."""
        if page.access is not Access.PUBLIC:
            if call.signed_in is None:
                return await ask_sign_in(call)
            if not allows(call.signed_in, page.access):
                await call.audit_free("refused", f"{page.method} {visible(call.path)}"[:MAX_REFUSED_CHARACTERS])
                raise forbidden(page.access.name.lower())
        call.query = read_query(call.request.scope["query_string"], page.query_type)
        if page.fresh_proof and not call.recently_proven and call.session.user_id is not None:
            return await ask_proof(call)
        return await page.handler(call)


def _headers(call: PageCall) -> dict[str, str]:
    policy = (
        "default-src 'none'",
        f"script-src 'nonce-{call.nonce}'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types htmx",
    )
    return {
        "content-security-policy": "; ".join(policy),
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        # "no-referrer" would make browsers send "Origin: null" with forms.
        "referrer-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "x-request-id": call.request_id,
    }


def _error_page(call: PageCall, error: Exception) -> Response:
    headers = {}
    if isinstance(error, TooManyAttempts):
        page = PageError(429, "Too many attempts", str(error))
        headers["retry-after"] = str(error.window.seconds)
    elif isinstance(error, SignInError):
        page = PageError(403, "Not allowed", str(error))
    elif isinstance(error, PageError):
        page = error
    elif isinstance(error, DatabaseError):
        page, headers = AWAY, {"refresh": str(RETRY_SECONDS), "retry-after": str(RETRY_SECONDS)}
    else:
        log.error("dashboard.crashed", exc_info=error)
        page = CRASHED
    response = call.render("error.html", status=page.status, error=page)
    response.headers.update(headers)
    return response
