"""Show the progress of `pip install`, which this program reads from its standard input."""

import sys
from collections.abc import Iterable
from typing import TextIO


def main(lines: Iterable[str], total: int, out: TextIO) -> None:
    """Write one line that counts the packages, rewritten in place on a terminal."""
    collected = 0
    for line in lines:
        if line.startswith("Collecting "):
            collected += 1
            if out.isatty():
                out.write(f"\r\033[K  {collected} of {total}: {line.split()[1].partition('==')[0]}")
                out.flush()
        elif line.startswith("Installing collected") and out.isatty():
            out.write("\r\033[K  unpacking")
            out.flush()
    if out.isatty():
        out.write("\r\033[K")


if __name__ == "__main__":
    main(sys.stdin, int(sys.argv[1]), sys.stdout)
