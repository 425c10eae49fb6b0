"""Write the lock files: run.txt has what the service needs, dev.txt also what checks and tests need.

image.txt has what the image without a browser needs.

fuzz.txt and sbom.txt have the tools of make attack and make sbom, node.txt the Node of the tests.

The Python SDK has a lock file of its own.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMPILE = ("uv", "pip", "compile", "--universal", "--generate-hashes", "--no-header", "--no-annotate", "--quiet")


def compile_lock(name: str, *arguments: str, project: Path = ROOT, source: Sequence[str] = ("pyproject.toml",)) -> None:
    """Write one lock file for all supported Python versions. No line of it names a package index."""
    command = [str(Path(sys.executable).with_name(COMPILE[0])), *COMPILE[1:], "--python-version", "3.11"]
    subprocess.run([*command, *source, *arguments, "-o", name], check=True, cwd=project)


if __name__ == "__main__":
    run = str(ROOT / "requirements" / "run.txt")
    compile_lock("requirements/run.txt", "--upgrade", "--extra", "browser", "--group", "build")
    compile_lock("requirements/image.txt", "--group", "build", "--constraint", run)
    compile_lock(
        "requirements/dev.txt", "--upgrade", "--all-extras", "--group", "build", "--group", "dev", "--constraint", run
    )
    for group in ("fuzz", "sbom", "node"):
        compile_lock(f"requirements/{group}.txt", "--upgrade", "--group", group, source=())
    compile_lock("requirements-dev.txt", "--upgrade", "--group", "dev", project=ROOT / "sdks" / "python")
