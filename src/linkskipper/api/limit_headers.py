"""The state of a key's limits, and the headers that show it."""

from functools import lru_cache

import msgspec
from starlette.types import Scope

from linkskipper.accounts import seconds_to_midnight
from linkskipper.api.rate_limits import WINDOW_SECONDS, WindowState

DAY_SECONDS = 24 * 60 * 60

_LIMITS = "linkskipper.limits"


class KeyLimits(msgspec.Struct):
    """The limits of a key after a call. `used_today` is None for a key without a daily quota."""

    minute: WindowState
    daily_quota: int | None
    used_today: int | None


def set_limit_headers(scope: Scope, limits: KeyLimits) -> None:
    """Show the limits of the key on the response."""
    scope[_LIMITS] = limits


def count_accepted_resolve(scope: Scope) -> None:
    """Count the resolve of this request in the daily quota that its response shows."""
    limits: KeyLimits = scope[_LIMITS]
    if limits.used_today is not None:
        limits.used_today += 1


def limit_headers(scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
    """Return the rate-limit fields of the IETF draft (docs/reference/api.md, "Common rules")."""
    limits: KeyLimits | None = scope.get(_LIMITS)
    if limits is None:
        return ()
    state = f'"minute";r={limits.minute.remaining};t={limits.minute.reset_seconds}'
    if limits.daily_quota is not None and limits.used_today is not None:
        remaining = max(0, limits.daily_quota - limits.used_today)
        state += f', "daily";r={remaining};t={seconds_to_midnight()}'
    return (b"ratelimit-policy", _policy(limits.minute.limit, limits.daily_quota)), (b"ratelimit", state.encode())


@lru_cache(maxsize=1024)
def _policy(rate_limit: int, daily_quota: int | None) -> bytes:
    policy = f'"minute";q={rate_limit};w={WINDOW_SECONDS}'
    if daily_quota is not None:
        policy += f', "daily";q={daily_quota};w={DAY_SECONDS}'
    return policy.encode()
