"""Write the lock files: run.txt has what the service needs, dev.txt also what checks and tests need."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMPILE = ("uv", "pip", "compile", "--universal", "--generate-hashes", "--no-header", "--no-annotate", "--quiet")


def compile_lock(name: str, *arguments: str) -> None:
    """Write one lock file for all supported Python versions. No line of it names a package index."""
    command = [str(Path(sys.executable).with_name(COMPILE[0])), *COMPILE[1:], "--python-version", "3.11"]
    output = str(ROOT / "requirements" / name)
    subprocess.run([*command, "pyproject.toml", *arguments, "-o", output], check=True, cwd=ROOT)


if __name__ == "__main__":
    run = str(ROOT / "requirements" / "run.txt")
    compile_lock("run.txt", "--upgrade", "--extra", "browser", "--group", "build")
    compile_lock("dev.txt", "--upgrade", "--all-extras", "--group", "build", "--group", "dev", "--constraint", run)
