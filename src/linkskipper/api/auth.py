"""Authenticate calls and enforce the limits and scopes of their keys."""

from starlette.types import Scope

from linkskipper.accounts import ApiKey, used_today
from linkskipper.api.endpoint import header
from linkskipper.api.limit_headers import KeyLimits, set_limit_headers
from linkskipper.api.services import Services
from linkskipper.errors import ForbiddenScope, InvalidKey, RateLimited

MAX_FAILED_AUTHS = 30  # unknown keys from one address in 60 seconds


async def authorize(services: Services, scope: Scope, required_scope: str | None) -> ApiKey:
    """Return the key of a request and count the call.

    Raises:
        InvalidKey: the key is missing, malformed, unknown or revoked.
        RateLimited: the key has exceeded its limit, or the address has sent too many unknown keys.
        ForbiddenScope: the key lacks the required scope.
    """
    key = await _authenticate(services, scope)
    minute = await services.rate_limiter.hit(key.id, key.rate_limit)
    used = None if key.daily_quota is None else await used_today(services.pool, key.id)
    set_limit_headers(scope, KeyLimits(minute, key.daily_quota, used))
    if not minute.allowed:
        raise RateLimited(
            f"This key may call {minute.limit} times in 60 seconds. Try again in {minute.reset_seconds} s.",
            retry_after=minute.reset_seconds,
        )
    if required_scope is not None and required_scope not in key.scopes:
        raise ForbiddenScope(f"This key lacks the scope {required_scope}. Use a key that has it.")
    return key


async def _authenticate(services: Services, scope: Scope) -> ApiKey:
    """Return the key of a request.

    Unknown keys are limited by address. Valid keys are not, because other clients may share the address.
    """
    text = services.authenticator.parse_header(header(scope, b"authorization"))
    key = services.authenticator.from_cache(text)
    if key is not None:
        return key
    try:
        return await services.authenticator.from_database(text)
    except InvalidKey:
        address = scope["client"][0] if scope["client"] else ""
        failures = await services.failed_auth_limiter.hit(address, MAX_FAILED_AUTHS)
        if failures.allowed:
            raise
        raise RateLimited(
            f"This address has sent too many unknown keys. Try again in {failures.reset_seconds} s.",
            retry_after=failures.reset_seconds,
        ) from None
