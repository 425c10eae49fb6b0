"""The health of providers: circuit breakers, admission, the operator's switch and measured latency."""

from linkskipper.provider_health.admission import AdmissionControl, Probe, ProviderStatus
from linkskipper.provider_health.operator_switch import (
    HostCircuit,
    ProviderCondition,
    is_off,
    list_circuits,
    read_conditions,
    switch_off,
    switch_on,
)
from linkskipper.provider_health.recorder import OutcomeRecorder, prune_circuits
from linkskipper.provider_health.stats import NO_STATS, ProviderStats, ProviderStatsCache, latency

__all__ = [
    "NO_STATS",
    "AdmissionControl",
    "HostCircuit",
    "OutcomeRecorder",
    "Probe",
    "ProviderCondition",
    "ProviderStats",
    "ProviderStatsCache",
    "ProviderStatus",
    "is_off",
    "latency",
    "list_circuits",
    "prune_circuits",
    "read_conditions",
    "switch_off",
    "switch_on",
]
