"""Local shorteners for demonstrations and tests, one host a mechanism, over HTTP and HTTPS.

They behave as real ones do and misbehave as real ones do. Nothing here needs the internet, and nothing here
resolves links: the lab only knows how resolving each of its links must end.
"""

from linkskipper.lab.lab import Lab, LabLink

__all__ = ["Lab", "LabLink"]
