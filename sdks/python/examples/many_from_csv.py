"""Resolve the links of a CSV file: python many_from_csv.py links.csv resolved.csv

The first column holds the links. The result has the columns url, target_url and error. A second run of the same file
starts and pays nothing twice, because the file's name is the name of the batch. It needs the package rich.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.progress import Progress

from linkskipper_sdk import LinkSkipper


def read_links(path: Path) -> Iterator[str]:
    """Yield the links of a CSV file, without its header."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        yield from (row[0] for row in csv.reader(file) if row and "://" in row[0])


def main(source: Path, target: Path) -> None:
    """Resolve all links and write what became of them, in the order of the file."""
    rows: dict[int, tuple[str, str, str]] = {}
    total = sum(1 for _ in read_links(source))
    with LinkSkipper() as client, Progress() as progress:
        task = progress.add_task("Resolving", total=total)
        for outcome in client.resolve_many(read_links(source), batch=source.stem[:63]):
            target_url = outcome.link.target_url if outcome.link else ""
            rows[outcome.index] = (outcome.url, target_url, str(outcome.error or ""))
            progress.advance(task)
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("url", "target_url", "error"))
        writer.writerows(rows[index] for index in sorted(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
