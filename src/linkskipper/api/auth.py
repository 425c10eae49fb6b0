"""Who may call what."""

from typing import TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from linkskipper.api.backend import Backend
from linkskipper.api.envelope import Limits, announce
from linkskipper.errors import ForbiddenScope, InvalidKey, RateLimited
from linkskipper.keys import ApiKey, used_today

MAX_GUESSES = 30  # unknown keys from one address in 60 seconds

KeyRequest: TypeAlias = Request[None, ApiKey, State]


def key_guard(backend: Backend) -> Guard:
    """A guard that lets valid keys pass while in their limit, and hands the key on as ``request.auth``.

    A route that needs a scope names it as its option "scope". It is one guard, as Litestar copies the route for each.
    """

    async def check_key(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        key = await _identify(backend, connection)
        connection.scope["auth"] = key
        minute = await backend.minute_limits.hit(key.id, key.rate_limit)
        used = None if key.daily_quota is None else await used_today(backend.pool, key.id)
        announce(connection.scope, Limits(minute, key.daily_quota, used))
        if not minute.allowed:
            raise RateLimited(
                f"This key may call {minute.limit} times in any 60 seconds: wait {minute.reset_seconds} s.",
                retry_after=minute.reset_seconds,
            )
        scope = handler.opt.get("scope")
        if scope is not None and scope not in key.scopes:
            raise ForbiddenScope(f"This key lacks the scope {scope}: use or make one that has it.")

    return check_key


async def _identify(backend: Backend, connection: ASGIConnection) -> ApiKey:  # type: ignore[type-arg]
    """The key that the request shows; whoever shows too many unknown ones is not looked up any more for a while."""
    shown = backend.authenticator.read(connection.headers.get("authorization"))
    key = backend.authenticator.recall(shown)
    if key is not None:
        return key
    address = connection.client.host if connection.client else ""
    guesses = backend.guesses.look(address, MAX_GUESSES)
    if not guesses.allowed and not backend.authenticator.was_valid(shown):
        raise RateLimited(
            f"Too many unknown keys came from this address: wait {guesses.reset_seconds} s.",
            retry_after=guesses.reset_seconds,
        )
    try:
        return await backend.authenticator.look_up(shown)
    except InvalidKey:
        await backend.guesses.hit(address, MAX_GUESSES)
        raise
