"""Start the next migration: `make migration NAME=…` (docs/guides/add-a-migration.md)."""

import re
import sys
from pathlib import Path

MIGRATIONS = Path("src/linkskipper/database/migrations")


def main(arguments: list[str]) -> int:
    """Write an empty migration with the next number. Return 2 for wrong use."""
    if len(arguments) != 1 or not re.fullmatch(r"[a-z0-9_]+", arguments[0]):
        sys.stderr.write("Name the migration with letters a-z, digits and _: make migration NAME=add_account_notes\n")
        return 2
    number = max(int(file.name[:4]) for file in MIGRATIONS.glob("[0-9]*.sql")) + 1
    file = MIGRATIONS / f"{number:04}_{arguments[0]}.sql"
    file.write_text("-- TODO: say what this migration is for.\n", encoding="utf-8")
    sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
