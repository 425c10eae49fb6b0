"""Write the reference schema: what all migrations make of an empty database (`make schema`)."""

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from linkskipper.database.embedded.places import program
from linkskipper.database.embedded.server import EmbeddedServer
from linkskipper.service.migrate import migrate

FILE = Path("docs/reference/schema.sql")
HEAD = "-- The schema that all migrations make of an empty database. `make schema` writes this file with pg_dump.\n"
OPTIONS = ("--schema-only", "--no-owner", "--no-privileges", "--no-comments")
PARTITION = re.compile(r"_\d{8}\b|_\d{8}_")  # made for a day, so that each schema has others
OBJECT = re.compile(r"^--\n-- Name: (.*); Type: .*\n--\n", re.MULTILINE)


def main() -> None:
    """Migrate an empty database and write its schema."""
    with tempfile.TemporaryDirectory() as data_dir, EmbeddedServer(Path(data_dir) / "data").running() as url:
        asyncio.run(migrate(url))
        FILE.write_text(read_schema(url), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")


def read_schema(url: str) -> str:
    """Return the schema of a database as SQL, without the tables of PgQueuer, which it makes itself, and partitions."""
    command = [str(program("pg_dump")), *OPTIONS, url]
    dump = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    _, *parts = OBJECT.split(dump)  # what comes first are settings of the session
    named = zip(parts[::2], parts[1::2], strict=True)
    objects = [sql.strip() for name, sql in named if "pgqueuer" not in name and not PARTITION.search(name)]
    objects[-1] = objects[-1].partition("\n\n--\n")[0]  # the end of the dump
    return "\n\n".join([HEAD.strip(), *objects]) + "\n"


if __name__ == "__main__":
    main()
