"""Run all attack tests, fuzz for a minute, and print what held: python -m tools.attack [SECONDS]."""

import ast
import sys
from collections import Counter
from pathlib import Path

import pytest

from tools.fuzz.run import FuzzResult, fuzz_all, is_available

ROOT = Path(__file__).parents[1]
FUZZ_SECONDS = 60
WIDTH = 96


class Tally:
    """Counts the attacks of each test file."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.held: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once it ran, or failed before."""
        if report.when == "call" or report.failed:
            file = report.nodeid.partition("::")[0]
            self.tried[file] += 1
            self.held[file] += report.passed


def main() -> int:
    """Return 1 if an attack got through."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else FUZZ_SECONDS
    tally = Tally()
    code = pytest.main(["-q", "-m", "attack", "--no-header", "--tb=short", str(ROOT / "tests")], [tally])
    rows = [(_docstring(ROOT / file), tried, tally.held[file]) for file, tried in sorted(tally.tried.items())]
    _print_table("Attacks", rows)
    if not is_available():
        sys.stdout.write(
            "\nFuzzing was left out: atheris has no package for this Python. The corpus was replayed above.\n"
        )
        return int(code)
    results = fuzz_all(seconds)
    _print_table(f"Inputs of the fuzzer in {seconds:g} s", [_fuzz_row(result) for result in results])
    for result in results:
        sys.stdout.write(result.broken)
    return int(code != 0 or any(result.broken for result in results))


def _fuzz_row(result: FuzzResult) -> tuple[str, int, int]:
    return f"Reader of {result.reader}", result.inputs, result.inputs - bool(result.broken)


def _print_table(title: str, rows: list[tuple[str, int, int]]) -> None:
    rows = [*rows, ("All", sum(tried for _, tried, _ in rows), sum(held for _, _, held in rows))]
    sys.stdout.write(f"\n{title:{WIDTH}} {'tried':>10} {'held':>10}\n")
    for name, tried, held in rows:
        sys.stdout.write(f"{name[:WIDTH]:{WIDTH}} {tried:>10,} {held:>10,}{'' if tried == held else '  <-'}\n")


def _docstring(file: Path) -> str:
    text = ast.get_docstring(ast.parse(file.read_text())) or file.name
    return text.partition("\n")[0].removesuffix(".")


if __name__ == "__main__":
    sys.exit(main())
