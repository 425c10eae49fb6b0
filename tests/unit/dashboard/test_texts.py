"""Every value that the resolver gives has a sentence."""

from linkskipper.dashboard.texts import MECHANISMS, REASON_TEXTS
from linkskipper.resolver import Mechanism, Reason


def test_every_value_has_a_text() -> None:
    """No mechanism and no reason is shown without an explanation."""
    assert set(MECHANISMS) == set(Mechanism)
    assert set(REASON_TEXTS) == set(Reason)
