"""The health of providers: circuit breakers, the operator's switch, measured times; and their limits, kept."""

from linkskipper.providers.figures import Figures, Measured, latency
from linkskipper.providers.gate import Gate, Probe, Status
from linkskipper.providers.places import Places
from linkskipper.providers.recorder import Recorder, prune_circuits
from linkskipper.providers.switch import Condition, read_conditions, switch_off, switch_on

__all__ = [
    "Condition",
    "Figures",
    "Gate",
    "Measured",
    "Places",
    "Probe",
    "Recorder",
    "Status",
    "latency",
    "prune_circuits",
    "read_conditions",
    "switch_off",
    "switch_on",
]
