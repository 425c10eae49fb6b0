"""Refuse English that learners of the language stumble over (docs/contributing/prose.md).

Run `make prose`, or `python -m tools.prose [--counts] [PATH …]` for single files and folders.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tools.prose_text import Passage, passages

ROOT = Path(__file__).parents[1]
DEFAULT_PATHS = (
    *("src", "docs", "tools", "tests", "bench"),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
)
SAMPLES = ROOT / "tests/unit/tools/test_prose.py"  # its sentences break the rules on purpose
SUFFIXES = frozenset({".py", ".md", ".toml", ".sql", ".html"})


class Pattern(NamedTuple):
    """A regular expression for prose that is refused, and the advice that mends it."""

    expression: re.Pattern[str]
    advice: str


class Finding(NamedTuple):
    """A refused passage: its file, its 1-based line, the words, and the advice."""

    path: Path
    line: int
    words: str
    advice: str

    def __str__(self) -> str:
        """Return the form that editors turn into a link."""
        return f'{self.path}:{self.line}: "{self.words}": {self.advice}'


def _pattern(expression: str, advice: str) -> Pattern:
    """Compile a pattern whose spaces match line breaks too."""
    return Pattern(re.compile(expression.replace(" ", r"\s")), advice)


_COMPARATIVES = (
    "longer|more|less|later|earlier|fewer|greater|larger|smaller|older|newer|slower|faster|higher|lower|better|worse"
)
_NOT_AFTER_THERE = "(?<![Tt]here )(?<![Tt]here can )(?<![Tt]here must )(?<![Tt]here may )(?<![Tt]here will )"
_RARE_WORDS = (
    "[Aa]mid(?:st)?|[Bb]eside|[Aa]new|[Hh]eed(?:s|ed|ing)?|[Ff]or ever|[Tt]here(?:of|in|to|with)|[Ww]hence|[Ww]hither"
    "|[Ww]here(?:in|of)|[Hh]itherto|[Ll]est|[Aa]lbeit"
)
PATTERNS = (
    _pattern(
        r"(?:^|(?<=[.!?:)] ))(?:What (?:is|are|was|were|has|have|does|it|[a-z]+s)|Who [a-z]+s)\b[^.?!]*[.:!](?=\s|$)",
        'begin with the subject, not with "What …" or "Who …"',
    ),
    _pattern(r"\b[Ww]ho(?:m|se)?(?:so)?ever\b", "name the person or the part that acts"),
    _pattern(r"\b[Ss]o (?:many|long)\b", 'state the number, or write "as many as" or "as long as"'),
    _pattern(
        rf"{_NOT_AFTER_THERE}\b(?:is|are|was|were|be) no (?!(?:{_COMPARATIVES})\b)\w+",
        'write "is not a …"',
    ),
    _pattern(r"\w[\w)\"'`…]*; (?=[a-z`\"'(A-Z])", "end the sentence: one thought a sentence"),
    _pattern(rf"\b(?:{_RARE_WORDS})\b", "use a word that learners know"),
)


def find(passage: Passage) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the words and the advice of each refused part of a passage."""
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", re.sub(r"[ \t]+", " ", passage.text))
    for pattern in PATTERNS:
        for match in pattern.expression.finditer(text):
            line = passage.line + text.count("\n", 0, match.start())
            context = text[max(match.start() - 15, 0) : match.end() + 15]
            yield line, " ".join(context.split()), pattern.advice


def check(path: Path) -> list[Finding]:
    """Return the findings of one file, in the order of its lines."""
    findings = (Finding(path, *found) for passage in passages(path) for found in find(passage))
    return sorted(findings)


def files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files to check below the given files and folders. SAMPLES is the only exception."""
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path] if path.exists() else []
        yield from (file for file in inside if file.suffix in SUFFIXES and file.is_file() and file.resolve() != SAMPLES)


def room(path: Path) -> str:
    """Return the folder that a file counts for: a package of the source, or a folder of the documents."""
    parts = path.parts
    depth = 3 if parts[0] == "src" else 2
    return "/".join(parts[: min(depth, len(parts) - 1)]) or parts[0]


def main(arguments: Sequence[str]) -> int:
    """Print the findings and return the exit code: 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m tools.prose", description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", action="store_true", help="print the number of findings of each folder instead")
    parser.add_argument("paths", nargs="*", type=Path, default=[Path(name) for name in DEFAULT_PATHS])
    options = parser.parse_args(arguments)
    findings = [finding for path in files(options.paths) for finding in check(path)]
    if options.counts:
        lines = [
            f"{count:5}  {name}" for name, count in sorted(Counter(room(found.path) for found in findings).items())
        ]
    else:
        lines = [str(finding) for finding in findings]
    sys.stdout.writelines(f"{line}\n" for line in [*lines, f"{len(findings)} findings"])
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
