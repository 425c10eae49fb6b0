"""The health of providers: circuit breakers, the operator's switch, measured times; and their limits, kept."""

from linkskipper.provider_health.admission import AdmissionControl, Probe, ProviderStatus
from linkskipper.provider_health.operator_switch import Condition, read_conditions, switch_off, switch_on
from linkskipper.provider_health.recorder import OutcomeRecorder, prune_circuits
from linkskipper.provider_health.stats import ProviderStats, ProviderStatsCache, latency

__all__ = [
    "AdmissionControl",
    "Condition",
    "OutcomeRecorder",
    "Probe",
    "ProviderStats",
    "ProviderStatsCache",
    "ProviderStatus",
    "latency",
    "prune_circuits",
    "read_conditions",
    "switch_off",
    "switch_on",
]
