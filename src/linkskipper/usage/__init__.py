"""The hourly use of the service, by account, key and provider. For people to look at: money never depends on it."""

from linkskipper.usage.counter import Outcome, UsageCounter
from linkskipper.usage.owner import UsageOwner
from linkskipper.usage.read import UsageBucket, UsagePeriod, read_usage
from linkskipper.usage.recorder import UsageRecorder, prune_hourly_usage

__all__ = [
    "Outcome",
    "UsageBucket",
    "UsageCounter",
    "UsageOwner",
    "UsagePeriod",
    "UsageRecorder",
    "prune_hourly_usage",
    "read_usage",
]
