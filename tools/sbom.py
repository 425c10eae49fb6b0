"""Write the list of what the package brings (CycloneDX) and the list of licences: python -m tools.sbom PROGRAMS.

The programs are in an environment of their own, so that they change no package of ours.
"""

import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"


def main() -> None:
    """Write both files from the lock file of the service."""
    DIST.mkdir(exist_ok=True)
    sbom, licenses = DIST / "sbom.json", DIST / "licenses.txt"
    lock = str(ROOT / "requirements" / "run.txt")
    _run("cyclonedx-py", "requirements", lock, "--pyproject", "pyproject.toml", "--output-file", str(sbom))
    shipped = [name for name in sorted(locked_packages(lock)) if name in _installed()]
    columns = ("--format=plain-vertical", "--with-urls", "--with-license-file", "--no-license-path")
    _run("pip-licenses", f"--python={sys.executable}", *columns, "--packages", *shipped, f"--output-file={licenses}")
    for file in (sbom, licenses):
        sys.stdout.write(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes\n")


def locked_packages(lock: str) -> set[str]:
    """Return the names of a lock file."""
    lines = Path(lock).read_text().splitlines()
    return {line.partition("==")[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}


def _installed() -> set[str]:
    return {distribution.name.lower().replace("_", "-") for distribution in distributions()}


def _run(program: str, *arguments: str) -> None:
    command = [str(Path(sys.argv[1]).absolute() / program), *arguments]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
