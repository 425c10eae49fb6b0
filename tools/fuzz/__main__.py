"""Fuzz one reader: python -m tools.fuzz READER FOLDER… [-max_total_time=SECONDS]. It needs the group `fuzz`."""

import sys
import time

import atheris

with atheris.instrument_imports(include=["linkskipper"]):
    from tools.fuzz.readers import LIMIT, MAX_SECONDS, READERS


def main() -> None:
    """Run until the time is up or an input breaks the reader."""
    name, *arguments = sys.argv[1:]
    reader = READERS[name]

    def read(data: bytes) -> None:
        began = time.process_time()
        reader(data)
        if time.process_time() - began > MAX_SECONDS:
            raise TimeoutError(f"{name} took over {MAX_SECONDS} s for {len(data)} bytes")

    atheris.Setup([sys.argv[0], *arguments, f"-max_len={LIMIT}", "-timeout=120", "-rss_limit_mb=2048"], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
