"""Fetch the files of other projects that the pages of the dashboard load: `make vendor`. Needs npm."""

import hashlib
import subprocess
import sys
import tarfile
import tomllib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FOLDER = Path(__file__).parents[1] / "src/linkskipper/dashboard/static/vendor"


def packages() -> list[dict[str, Any]]:
    """Return the packages in vendor.toml."""
    listed: list[dict[str, Any]] = tomllib.loads((FOLDER / "vendor.toml").read_text(encoding="utf-8"))["package"]
    return listed


def digest(content: bytes, algorithm: str) -> str:
    """Return a checksum as npm and browsers write it."""
    return b64encode(hashlib.new(algorithm, content).digest()).decode()


def fetch(package: Mapping[str, Any], folder: Path) -> None:
    """Fetch one package and write its files.

    Raises:
        ValueError: the tarball or a file has another checksum than vendor.toml says.
    """
    name = f"{package['name']}@{package['version']}"
    subprocess.run(["npm", "pack", name, "--silent"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (tarball,) = folder.glob("*.tgz")
    if package["tarball"] != f"sha512-{digest(tarball.read_bytes(), 'sha512')}":
        raise ValueError(f"{name}: the tarball is not the one of vendor.toml.")
    with tarfile.open(tarball) as archive:
        archive.extractall(folder, filter="data")
    for file, origin in package["files"].items():
        content = (folder / "package" / origin["path"]).read_bytes()
        if origin["sha384"] != digest(content, "sha384"):
            raise ValueError(f"{file}: the content is not the one of vendor.toml.")
        (FOLDER / file).write_bytes(content)
    (FOLDER / package["licence_file"]).write_bytes((folder / "package" / "LICENSE").read_bytes())


def main() -> int:
    """Fetch all packages."""
    for package in packages():
        with TemporaryDirectory() as folder:
            fetch(package, Path(folder))
        sys.stdout.write(f"{package['name']} {package['version']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
