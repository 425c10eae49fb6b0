"""Find where short links lead. docs/guides/library.md describes the use as a library.

The public names are loaded at their first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linkskipper.catalog import Catalog
    from linkskipper.egress import Policy
    from linkskipper.egress.har import NotRecorded, Replay
    from linkskipper.errors import CatalogError, HarError, LinkSkipperError, SettingsError
    from linkskipper.library import Resolver
    from linkskipper.resolver import Hop, LinkFailed, LinkInvalid, Mechanism, NotResolved, Reason, Resolution

__all__ = [
    "Catalog",
    "CatalogError",
    "HarError",
    "Hop",
    "LinkFailed",
    "LinkInvalid",
    "LinkSkipperError",
    "Mechanism",
    "NotRecorded",
    "NotResolved",
    "Policy",
    "Reason",
    "Replay",
    "Resolution",
    "Resolver",
    "SettingsError",
]

_HOMES = {
    **dict.fromkeys(("CatalogError", "HarError", "LinkSkipperError", "SettingsError"), "errors"),
    **dict.fromkeys(("NotRecorded", "Replay"), "egress.har"),
    "Catalog": "catalog",
    "Policy": "egress",
    "Resolver": "library",
}


if not TYPE_CHECKING:  # to type checkers, a name that is not listed is a mistake

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'resolver')}"), name)
