"""What a check of one provider finds."""

from typing import NamedTuple

from linkskipper.catalog.loading.issues import Level


class Finding(NamedTuple):
    """What is wrong with a field, and how to mend it."""

    field: str
    message: str
    level: Level = "error"
