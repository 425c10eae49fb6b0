"""Local shorteners for demonstrations and tests: one host for each mechanism, over HTTP and HTTPS.

They behave and misbehave as real shorteners do, without internet. The lab resolves nothing. It knows the outcome that
each of its links must have.
"""

from linkskipper.lab.lab import Lab, LabLink

__all__ = ["Lab", "LabLink"]
