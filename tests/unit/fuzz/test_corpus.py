"""The fuzzer's corpus, and what it once found, against every reader of foreign bytes."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.fuzz.readers import MAX_SECONDS, READERS

pytestmark = pytest.mark.attack

FOLDER = Path(__file__).parent / "corpus"
FILES = sorted(file for file in FOLDER.glob("*/*"))


def test_every_reader_has_a_corpus() -> None:
    """The fuzzer begins with small examples for each reader."""
    assert {file.parent.name for file in FILES} == set(READERS)


def test_make_attack_loads_the_service_late() -> None:
    """The command gives way to pytest, which cannot observe what was loaded before it."""
    command = [sys.executable, "-c", "import sys, tools.attack; print('linkskipper' in sys.modules)"]
    answer = subprocess.run(command, cwd=FOLDER.parents[3], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_corpus(file: Path) -> None:
    """The reader raises nothing unexpected, and is fast."""
    began = time.process_time()
    READERS[file.parent.name](file.read_bytes())
    assert time.process_time() - began < MAX_SECONDS


@pytest.mark.parametrize("reader", [reader for reader in READERS if reader != "dns"])
@given(data=st.binary(max_size=500))
def test_any_bytes(reader: str, data: bytes) -> None:
    """Any bytes at all are read or refused."""
    READERS[reader](data)
