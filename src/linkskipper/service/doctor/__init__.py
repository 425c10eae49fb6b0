"""Examine an installation: what is wrong, and what to do about it."""

from linkskipper.service.doctor.examine import examine
from linkskipper.service.doctor.result import CheckResult

__all__ = ["CheckResult", "examine"]
