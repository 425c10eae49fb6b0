"""Provider limits over all workers: slots for jobs, and pacing of requests."""

from linkskipper.provider_limits.limiter import SharedLimiter
from linkskipper.provider_limits.slots import ProviderSlots, SlotHolder, read_waiting_jobs

__all__ = ["ProviderSlots", "SharedLimiter", "SlotHolder", "read_waiting_jobs"]
