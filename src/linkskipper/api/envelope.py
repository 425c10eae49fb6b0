"""What every answer carries, whoever wrote it."""

import re
import secrets

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from linkskipper.api.limits import WINDOW_SECONDS, WindowState
from linkskipper.keys import seconds_to_midnight

LIMITS = "linkskipper.limits"
DAY_SECONDS = 24 * 60 * 60
ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")


class Envelope:
    """Gives every request an id, the client's own if it sent a decent one, and every answer that id and its limits."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})
        bind_contextvars(request_id=request_id.decode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                limits = scope["state"].get(LIMITS, ())
                message["headers"] = [*message["headers"], (b"x-request-id", request_id), *limits]
            await send(message)

        await self._app(scope, receive, send_with_id)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and ACCEPTED_ID.fullmatch(value):
            return value
    return secrets.token_hex(16).encode()


def announce(scope: Scope, minute: WindowState, daily_quota: int | None, daily_remaining: int | None) -> None:
    """Put the state of the key's limits on the answer, in the fields of the IETF's draft (api.md, "Common rules")."""
    policy = f'"minute";q={minute.limit};w={WINDOW_SECONDS}'
    state = f'"minute";r={minute.remaining};t={minute.reset_seconds}'
    if daily_quota is not None and daily_remaining is not None:
        policy += f', "daily";q={daily_quota};w={DAY_SECONDS}'
        state += f', "daily";r={max(0, daily_remaining)};t={seconds_to_midnight()}'
    scope["state"][LIMITS] = ((b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode()))
