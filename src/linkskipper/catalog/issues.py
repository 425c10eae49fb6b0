"""Issues in provider files, in words that say how to fix them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from linkskipper.errors import CatalogError

SHOWN_ITEMS = 5

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong in one file. `field` is empty where it concerns the whole file.

    An error keeps the file from doing what it says. A warning names what is probably a mistake.
    """

    field: str
    message: str
    level: Level = "error"
    file: str = ""

    def __str__(self) -> str:
        level = "warning" if self.level == "warning" else ""
        return ": ".join(part for part in (self.file, self.field, level, self.message) if part)

    def in_file(self, file: object) -> "Issue":
        """Return the same issue with the file that it is in."""
        return replace(self, file=str(file))


def raise_issues(issues: Iterable[Issue]) -> None:
    """Raise if there is an issue.

    Raises:
        CatalogError: one line for each issue.
    """
    if lines := "\n".join(map(str, issues)):
        raise CatalogError(lines)


def some_of(items: Sequence[str], shown: int = SHOWN_ITEMS) -> str:
    """Join the first items, and count the rest."""
    rest = len(items) - shown
    return ", ".join(items[:shown]) + (f" and {rest} more" if rest > 0 else "")
