"""Fuzz all readers for a time: python -m tools.fuzz.run SECONDS [KEEP]. New inputs go to the folder KEEP."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "unit" / "fuzz" / "corpus"
# The names of the readers. To import them here would load the service before pytest can observe it.
READERS = sorted(folder.name for folder in CORPUS.iterdir())


class FuzzResult(NamedTuple):
    """What one reader was tried with, and what broke it, or ""."""

    reader: str
    inputs: int
    broken: str


def is_available() -> bool:
    """Whether the fuzzer is installed. It has no wheels for some versions of Python."""
    return find_spec("atheris") is not None


def fuzz_all(seconds: float, keep: Path | None = None) -> list[FuzzResult]:
    """Fuzz each reader for its share of the time."""
    share = max(1, round(seconds / len(READERS)))
    return [_fuzz(name, share, keep) for name in READERS]


def _fuzz(name: str, seconds: int, keep: Path | None) -> FuzzResult:
    with TemporaryDirectory() as folder:
        found = folder if keep is None else str(keep / name)
        Path(found).mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tools.fuzz", name, found, str(CORPUS / name)]
        options = [f"-max_total_time={seconds}", f"-artifact_prefix={folder}/", "-print_final_stats=1"]
        run = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    executed = re.search(r"number_of_executed_units: (\d+)", run.stderr)
    if run.returncode == 0:
        return FuzzResult(name, int(executed[1]) if executed else 0, "")
    return FuzzResult(name, int(executed[1]) if executed else 0, run.stderr[-2000:])


def main() -> int:
    """Print a line for each reader. Return 1 if one broke."""
    seconds, *keep = sys.argv[1:]
    results = fuzz_all(float(seconds), Path(keep[0]) if keep else None)
    for result in results:
        sys.stdout.write(f"{result.reader:16} {result.inputs:>10} inputs  {result.broken or 'held'}\n")
    return int(any(result.broken for result in results))


if __name__ == "__main__":
    sys.exit(main())
