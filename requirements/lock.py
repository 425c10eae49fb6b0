"""Renew the lock files: what runs (run.txt), and what checks and tests need besides (dev.txt), for every Python."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
COMPILE = ("uv", "pip", "compile", "--universal", "--generate-hashes", "--no-header", "--no-annotate", "--quiet")


def compile_lock(name: str, *arguments: str) -> None:
    """Write one lock file, from pyproject.toml alone: no line of it names where packages come from."""
    command = [str(Path(sys.executable).with_name(COMPILE[0])), *COMPILE[1:], "--python-version", "3.11"]
    subprocess.run([*command, "pyproject.toml", *arguments, "-o", str(HERE / name)], check=True, cwd=HERE.parent)


compile_lock("run.txt", "--upgrade", "--extra", "browser", "--group", "build")
compile_lock(
    "dev.txt", "--upgrade", "--all-extras", "--group", "build", "--group", "dev", "--constraint", str(HERE / "run.txt")
)
