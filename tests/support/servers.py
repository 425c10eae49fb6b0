"""PostgreSQL servers of the versions that this machine has."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkskipper.database.embedded.places import programs_folder
from linkskipper.database.embedded.system_user import find_server_user

INITDB_OPTIONS = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")


def list_servers() -> dict[int, Path]:
    """Return the folder of the programs of each major version: Debian's, and the embedded one."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), programs_folder(find_server_user())]
    return {_major(folder): folder for folder in folders if (folder / "initdb").exists()}


@contextmanager
def running(programs: Path, folder: Path) -> Iterator[str]:
    """Run a server with its data in a new folder. Provide its URL."""
    user = find_server_user()
    folder.mkdir()
    user.take_over(folder)
    data = folder / "data"
    _run(programs / "initdb", "-D", str(data), *INITDB_OPTIONS)
    settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c jit=off"
    _run(programs / "pg_ctl", "start", "-w", "-D", str(data), "-l", str(folder / "log"), "-o", settings)
    try:
        yield f"postgresql://postgres@/postgres?port=5432&host={folder}"
    finally:
        _run(programs / "pg_ctl", "stop", "-w", "-D", str(data), "-m", "immediate")


def _major(folder: Path) -> int:
    version = subprocess.check_output([folder / "postgres", "--version"], text=True)
    return int(re.findall(r"\d+", version)[0])


def _run(program: Path, *arguments: str) -> None:
    options = find_server_user().popen_options()
    subprocess.run([program, *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/", **options)
