"""The HTTP edge: what api.md says, and nothing of how it comes about."""

from linkskipper.api.app import Backend, create_app

__all__ = ["Backend", "create_app"]
