"""Find promtool, which checks alert rules, or take it out of Debian's package of Prometheus.

The package itself is not installed: it would start a server.
"""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

OWN = Path(__file__).parents[1] / ".venv" / "promtool" / "promtool"


def find() -> str | None:
    """Return the path of promtool, or None."""
    return shutil.which("promtool") or (str(OWN) if OWN.exists() else None)


def ensure() -> bool:
    """Fetch promtool unless it is there. Return whether it is there then."""
    if find() is None and shutil.which("apt-get") is not None:
        _fetch()
    return find() is not None


def _fetch() -> None:
    with TemporaryDirectory() as folder:
        download = ("apt-get", "download", "prometheus")
        _ = _run(*download, cwd=folder) or (_run("apt-get", "update", cwd=folder) and _run(*download, cwd=folder))
        for package in Path(folder).glob("*.deb"):
            if _run("dpkg-deb", "--extract", package.name, "content", cwd=folder):
                OWN.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(folder) / "content" / "usr" / "bin" / "promtool", OWN)


def _run(*command: str, cwd: str) -> bool:
    """Run a command quietly. Return whether it succeeded."""
    quiet = subprocess.DEVNULL
    return subprocess.run(command, cwd=cwd, stdout=quiet, stderr=quiet, check=False).returncode == 0
