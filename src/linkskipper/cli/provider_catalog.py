"""The catalog of commands that do without the operator's broken files, as a running service does."""

from linkskipper.catalog import Catalog
from linkskipper.cli.output import note
from linkskipper.settings import Settings


def load_valid_catalog(settings: Settings) -> Catalog:
    """Load the built-in files and the operator's valid files. Warn about the issues of the others."""
    catalog, issues = Catalog.load_valid(settings.providers_dir)
    for issue in issues:
        note(f"Warning: {issue}")
    return catalog
