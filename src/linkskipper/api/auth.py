"""Authenticate requests and enforce the limits and scopes of their keys."""

from linkskipper.accounts import ApiKey, used_today
from linkskipper.api.limit_headers import KeyLimits
from linkskipper.api.request import Request
from linkskipper.api.services import Services
from linkskipper.egress import client_network
from linkskipper.errors import ForbiddenScope, InvalidKey, RateLimited

MAX_FAILED_AUTHS = 30  # unknown keys from one address in 60 seconds


async def authorize(services: Services, request: Request, required_scope: str | None) -> ApiKey:
    """Return the key of a request, and count the request.

    Raises:
        InvalidKey: the key is missing, malformed, unknown or revoked.
        RateLimited: the key has exceeded its limit, or the address has sent too many unknown keys.
        ForbiddenScope: the key lacks the required scope.
    """
    text = services.authenticator.parse_header(request.header(b"authorization"))
    key = services.authenticator.from_cache(text) or await _look_up(services, request, text)
    request.key = key
    minute = await services.rate_limiter.hit(key.id, key.rate_limit)
    used = None if key.daily_quota is None else await used_today(services.pool, key.id)
    request.limits = KeyLimits(minute, key.daily_quota, used)
    if not minute.allowed:
        raise RateLimited(
            f"This key may call {minute.limit} times in 60 seconds. Try again in {minute.reset_seconds} s.",
            retry_after=minute.reset_seconds,
        )
    if required_scope is not None and required_scope not in key.scopes:
        raise ForbiddenScope(
            f"This key lacks the scope {required_scope}, or its account is closed. Use another key, or ask the "
            "operator."
        )
    return key


async def _look_up(services: Services, request: Request, text: str) -> ApiKey:
    """Look a key up in the database.

    Unknown keys are limited by address. Valid keys are not, because other clients may share the address.
    """
    try:
        return await services.authenticator.from_database(text)
    except InvalidKey:
        client = request.scope["client"]
        network = client_network(client[0]) if client else ""
        failures = await services.failed_auth_limiter.hit(network, MAX_FAILED_AUTHS)
        if failures.allowed:
            raise
        raise RateLimited(
            f"This address has sent too many unknown keys. Try again in {failures.reset_seconds} s.",
            retry_after=failures.reset_seconds,
        ) from None
