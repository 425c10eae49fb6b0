"""Every value that the resolver and the jobs give has a sentence."""

from linkskipper.dashboard.texts import JOB_REASON_TEXTS, MECHANISMS
from linkskipper.jobs import ServiceReason
from linkskipper.resolver import Mechanism, Reason


def test_every_value_has_a_text() -> None:
    """No mechanism and no reason is shown without an explanation."""
    assert set(MECHANISMS) == set(Mechanism)
    assert set(JOB_REASON_TEXTS) == {*Reason, *ServiceReason}
