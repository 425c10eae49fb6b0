"""python unshorten.py BASE LINKS AT_ONCE ROUNDS: prints the links a second of each round of PyPI's unshortenit."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from unshortenit import UnshortenIt

base, links, at_once, rounds = sys.argv[1], *map(int, sys.argv[2:])
resolver = UnshortenIt()


def work(path: str) -> None:
    """Resolve one link."""
    target = resolver.unshorten(base + path)
    assert target.endswith(path), target
    assert not target.startswith(base), target


with ThreadPoolExecutor(at_once) as pool:
    for mark in range(rounds):
        begin = time.perf_counter()
        list(pool.map(work, (f"/{mark}-{number}" for number in range(links))))
        print(links / (time.perf_counter() - begin), flush=True)
