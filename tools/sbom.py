"""Write the list of what the package brings (CycloneDX) and the list of licences: python -m tools.sbom PROGRAMS.

The programs are in an environment of their own, so that they change no package of ours.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"


def main() -> None:
    """Write both files from the lock file of the service."""
    DIST.mkdir(exist_ok=True)
    sbom, licenses = DIST / "sbom.json", DIST / "licenses.txt"
    lock = str(ROOT / "requirements" / "run.txt")
    _run("cyclonedx-py", "requirements", lock, "--pyproject", "pyproject.toml", "--output-file", str(sbom))
    with TemporaryDirectory() as folder:
        installed = Path(folder, "installed.json")
        _run("cyclonedx-py", "environment", sys.executable, "--output-file", str(installed))
        add_licenses(content := json.loads(sbom.read_text()), json.loads(installed.read_text()))
    sbom.write_text(f"{json.dumps(content, indent=2)}\n")
    shipped = [name for name in sorted(locked_packages(lock)) if name in _installed()]
    columns = ("--format=plain-vertical", "--with-urls", "--with-license-file", "--no-license-path")
    _run("pip-licenses", f"--python={sys.executable}", *columns, "--packages", *shipped, f"--output-file={licenses}")
    for file in (sbom, licenses):
        sys.stdout.write(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes\n")


def add_licenses(sbom: Mapping[str, Any], installed: Mapping[str, Any]) -> None:
    """Add the licences that installed packages declare to the components of a list. A lock file names none."""
    licenses = {_canonical(package["name"]): package.get("licenses") for package in installed["components"]}
    for component in sbom["components"]:
        if found := licenses.get(_canonical(component["name"])):
            component["licenses"] = found


def locked_packages(lock: str) -> set[str]:
    """Return the names of a lock file."""
    lines = Path(lock).read_text().splitlines()
    return {line.partition("==")[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}


def _installed() -> set[str]:
    return {_canonical(distribution.name) for distribution in distributions()}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _run(program: str, *arguments: str) -> None:
    command = [str(Path(sys.argv[1]).absolute() / program), *arguments]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
