"""The HTTP edge: what api.md says, and nothing of how it comes about."""

from linkskipper.api.app import create_app
from linkskipper.api.backend import Backend
from linkskipper.api.limits import RollingWindow, SharedWindow, Windows

__all__ = ["Backend", "RollingWindow", "SharedWindow", "Windows", "create_app"]
