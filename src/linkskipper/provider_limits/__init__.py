"""Provider limits that all workers share: slots and pacing."""

from linkskipper.provider_limits.limiter import SharedLimiter
from linkskipper.provider_limits.slots import ProviderSlots, read_waiting_jobs

__all__ = ["ProviderSlots", "SharedLimiter", "read_waiting_jobs"]
