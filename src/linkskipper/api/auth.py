"""Who may call what."""

from typing import TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from linkskipper.api.backend import Backend
from linkskipper.api.envelope import announce
from linkskipper.errors import ForbiddenScope, RateLimited
from linkskipper.keys import ApiKey, used_today

KeyRequest: TypeAlias = Request[None, ApiKey, State]


def key_guard(backend: Backend) -> Guard:
    """A guard that lets valid keys pass while in their limit, and hands the key on as ``request.auth``."""

    async def check_key(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        key = await backend.authenticator.authenticate(connection.headers.get("authorization"))
        connection.scope["auth"] = key
        minute = await backend.minute_limits.hit(key.id, key.rate_limit)
        daily = None if key.daily_quota is None else key.daily_quota - await used_today(backend.pool, key.id)
        announce(connection.scope, minute, key.daily_quota, daily)
        if not minute.allowed:
            raise RateLimited(
                f"This key may call {minute.limit} times in any 60 seconds: wait {minute.reset_seconds} s.",
                retry_after=minute.reset_seconds,
            )

    return check_key


def scope_guard(scope: str) -> Guard:
    """A guard that lets keys with the scope pass."""

    async def check_scope(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        if scope not in connection.auth.scopes:
            raise ForbiddenScope(f"This key lacks the scope {scope}: use or make one that has it.")

    return check_scope
