"""Dump a database and load a dump, with PostgreSQL's programs."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from linkskipper.database.embedded.places import program
from linkskipper.database.pool import Connection
from linkskipper.errors import DatabaseError

OPTIONS = ("--no-owner", "--no-privileges")
SECRETS = frozenset({"password", "sslpassword"})
"""The options of a URL that hold a secret. PostgreSQL's programs read the first one from their environment too."""

COUNT_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


@contextmanager
def dumping(url: str) -> Iterator[IO[bytes]]:
    """Provide the dump of a database to read, in pg_dump's custom format. The database stays in use meanwhile.

    Raises:
        DatabaseError: pg_dump failed, for example because the server is newer than it.
    """
    with _running("pg_dump", url, "--format=custom", stdout=subprocess.PIPE) as process:
        yield cast("IO[bytes]", process.stdout)


@contextmanager
def loading(url: str) -> Iterator[IO[bytes]]:
    """Provide a file to write a dump to, which is loaded into an empty database: all of it, or nothing.

    Raises:
        DatabaseError: pg_restore failed.
    """
    with _running("pg_restore", url, "--single-transaction", "--exit-on-error", stdin=subprocess.PIPE) as process:
        stdin = cast("IO[bytes]", process.stdin)
        with suppress(BrokenPipeError):  # pg_restore ended early, and says why
            yield stdin
            stdin.close()


async def is_empty(connection: Connection) -> bool:
    """Tell whether a database has no tables."""
    tables: int = await connection.fetchval(COUNT_TABLES)
    return tables == 0


@contextmanager
def _running(name: str, url: str, *arguments: str, **streams: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program of PostgreSQL on a database. No secret is among its arguments, which everybody sees."""
    public, password = _without_secrets(url)
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    if password:
        environment["PGPASSWORD"] = password
    with tempfile.TemporaryFile() as errors:
        command = [str(_program(name)), *OPTIONS, *arguments, f"--dbname={public}"]
        process = subprocess.Popen(command, env=environment, stderr=errors, **streams)  # type: ignore[call-overload]
        try:
            with process:
                yield process
        except BaseException:
            process.kill()
            raise
        if process.returncode != 0:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise DatabaseError(f"{name} failed: {lines[0]}")


def _program(name: str) -> Path:
    """Return the program of the system if it is not older than the embedded one, which speaks no TLS."""
    own, systems = program(name), shutil.which(name)
    return own if systems is None or _major_version(systems) < _major_version(str(own)) else Path(systems)


def _major_version(path: str) -> int:
    """Return the major version of a program of PostgreSQL, 0 if it tells none."""
    shown = subprocess.run([path, "--version"], env={}, capture_output=True, check=False).stdout
    found = re.search(rb" (\d+)", shown)
    return int(found[1]) if found else 0


def _without_secrets(url: str) -> tuple[str, str]:
    """Return a URL without its secrets, and the password or "". It may stand before the host or in the query.

    The other options stay as they are written: libpq does not read + as a space.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    password = options.get("password", unquote(parts.password or ""))
    public = parts._replace(
        netloc=parts.netloc.replace(f":{parts.password}@", "@"),
        query="&".join(pair for pair in parts.query.split("&") if unquote(pair.partition("=")[0]) not in SECRETS),
    )
    return public.geturl(), password
