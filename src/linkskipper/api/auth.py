"""Who may call what."""

from typing import TypeAlias

from litestar import Request
from litestar.datastructures import State
from litestar.types import BeforeRequestHookHandler

from linkskipper.accounts import ApiKey, used_today
from linkskipper.api.backend import Services
from linkskipper.api.middleware import Limits, announce
from linkskipper.errors import ForbiddenScope, InvalidKey, RateLimited

MAX_GUESSES = 30  # unknown keys from one address in 60 seconds

KeyRequest: TypeAlias = Request[None, ApiKey, State]


def key_check(backend: Services) -> BeforeRequestHookHandler:
    """A hook that lets valid keys pass while in their limit, and hands the key on as ``request.auth``.

    A route that needs a scope names it as its option "scope". It is no guard, as Litestar copies the whole route for
    each call of one: a tenth of the time that an answer from the cache takes.
    """

    async def check_key(request: KeyRequest) -> None:
        key = await _identify(backend, request)
        request.scope["auth"] = key
        minute = await backend.minute_limits.hit(key.id, key.rate_limit)
        used = None if key.daily_quota is None else await used_today(backend.pool, key.id)
        announce(request.scope, Limits(minute, key.daily_quota, used))
        if not minute.allowed:
            raise RateLimited(
                f"This key may call {minute.limit} times in any 60 seconds: wait {minute.reset_seconds} s.",
                retry_after=minute.reset_seconds,
            )
        scope = request.route_handler.opt.get("scope")
        if scope is not None and scope not in key.scopes:
            raise ForbiddenScope(f"This key lacks the scope {scope}: use or make one that has it.")

    return check_key


async def _identify(backend: Services, request: KeyRequest) -> ApiKey:
    """The key that the request shows.

    Whoever shows too many unknown ones is told to wait. Valid ones pass all the same: others may share the address.
    """
    shown = backend.authenticator.parse_header(request.headers.get("authorization"))
    key = backend.authenticator.from_cache(shown)
    if key is not None:
        return key
    try:
        return await backend.authenticator.from_database(shown)
    except InvalidKey:
        attempts = await backend.failed_auth_limiter.hit(request.client.host if request.client else "", MAX_GUESSES)
        if attempts.allowed:
            raise
        raise RateLimited(
            f"Too many unknown keys came from this address: wait {attempts.reset_seconds} s.",
            retry_after=attempts.reset_seconds,
        ) from None
