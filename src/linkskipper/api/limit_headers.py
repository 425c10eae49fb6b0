"""The limits of a key, and the response headers that show them."""

from functools import lru_cache

import msgspec

from linkskipper.accounts import seconds_to_midnight
from linkskipper.api.rate_limits import WINDOW_SECONDS, WindowState

DAY_SECONDS = 24 * 60 * 60


class KeyLimits(msgspec.Struct):
    """The limits of a key after a call. `used_today` is None for a key without a daily quota."""

    minute: WindowState
    daily_quota: int | None
    used_today: int | None


def limit_headers(limits: KeyLimits) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    """Return the rate-limit fields of the IETF draft (docs/reference/api.md, "Common rules")."""
    minute = limits.minute
    state = f'"minute";r={minute.remaining};t={minute.reset_seconds}'
    if limits.daily_quota is not None and limits.used_today is not None:
        remaining = max(0, limits.daily_quota - limits.used_today)
        state += f', "daily";r={remaining};t={seconds_to_midnight()}'
    return (b"ratelimit-policy", _policy(minute.limit, limits.daily_quota)), (b"ratelimit", state.encode())


@lru_cache(maxsize=1024)
def _policy(rate_limit: int, daily_quota: int | None) -> bytes:
    policy = f'"minute";q={rate_limit};w={WINDOW_SECONDS}'
    if daily_quota is not None:
        policy += f', "daily";q={daily_quota};w={DAY_SECONDS}'
    return policy.encode()
