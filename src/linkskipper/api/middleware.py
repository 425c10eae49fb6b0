"""What every answer carries, whoever wrote it."""

import re
import secrets
from itertools import count

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from linkskipper.accounts import seconds_to_midnight
from linkskipper.api.rate_limits import WINDOW_SECONDS, WindowState

LIMITS = "linkskipper.limits"
DAY_SECONDS = 24 * 60 * 60
ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")


class ResponseHeadersMiddleware:
    """Gives every request an id, the client's own if it sent a decent one, and every answer that id and its limits."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._process = secrets.token_hex(8).encode()
        self._numbers = count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = self._request_id(scope)
        scope.setdefault("state", {})
        bind_contextvars(request_id=request_id.decode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                limits = scope["state"].get(LIMITS)
                told = () if limits is None else limits.headers()
                message["headers"] = [*message["headers"], (b"x-request-id", request_id), *told]
            await send(message)

        await self._app(scope, receive, send_with_id)

    def _request_id(self, scope: Scope) -> bytes:
        for name, value in scope["headers"]:
            if name == b"x-request-id" and ACCEPTED_ID.fullmatch(value):
                return value
        return b"%b%016x" % (self._process, next(self._numbers))


class Limits(msgspec.Struct):
    """The state of a key's limits; used_today is None for a key without a daily quota."""

    minute: WindowState
    daily_quota: int | None
    used_today: int | None

    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The fields of the IETF's draft (api.md, "Common rules")."""
        policy = f'"minute";q={self.minute.limit};w={WINDOW_SECONDS}'
        state = f'"minute";r={self.minute.remaining};t={self.minute.reset_seconds}'
        if self.daily_quota is not None and self.used_today is not None:
            policy += f', "daily";q={self.daily_quota};w={DAY_SECONDS}'
            state += f', "daily";r={max(0, self.daily_quota - self.used_today)};t={seconds_to_midnight()}'
        return (b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode())


def announce(scope: Scope, limits: Limits) -> None:
    """Put the state of the key's limits on the answer."""
    scope["state"][LIMITS] = limits


def count_accepted(scope: Scope) -> None:
    """Let the answer tell of the daily quota what is left after this very resolve."""
    limits: Limits = scope["state"][LIMITS]
    if limits.used_today is not None:
        limits.used_today += 1
