"""Record the exchanges of a link as HAR 1.2, and replay them without a network."""

from linkskipper.egress.har.files import read_har, write_har
from linkskipper.egress.har.model import Har, HarOutcome
from linkskipper.egress.har.recording import Recording, build_har
from linkskipper.egress.har.replay import NotRecorded, Replay

__all__ = ["Har", "HarOutcome", "NotRecorded", "Recording", "Replay", "build_har", "read_har", "write_har"]
