"""The program that becomes the driver of the browser."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from linkskipper.resolver.browser import as_user

GIBIBYTE = 1024**3
SHOW = "import resource; print(*resource.getrlimit(resource.RLIMIT_DATA))"


@pytest.mark.parametrize(
    ("hard", "wanted", "limit"),
    [
        (resource.RLIM_INFINITY, 3 * GIBIBYTE, 3 * GIBIBYTE),
        (4 * GIBIBYTE, 3 * GIBIBYTE, 3 * GIBIBYTE),
        (2 * GIBIBYTE, 3 * GIBIBYTE, 2 * GIBIBYTE),
    ],
)
def test_memory(tmp_path: Path, hard: int, wanted: int, limit: int) -> None:
    """The driver gets its limit, or the lower one that the service itself has."""
    own = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if own != resource.RLIM_INFINITY:
        hard, limit = (own if hard == resource.RLIM_INFINITY else min(hard, own)), min(limit, own)
    script = tmp_path / "show.py"
    script.write_text(SHOW)
    environment = os.environ | dict(
        zip(as_user.VARIABLES, (str(wanted), "", "", sys.executable, str(script)), strict=True)
    )
    limited = (
        f"import os, resource; resource.setrlimit(resource.RLIMIT_DATA, ({hard}, {hard}));"
        f"os.execv({sys.executable!r}, [{sys.executable!r}, {as_user.__file__!r}])"
    )
    shown = subprocess.run([sys.executable, "-c", limited], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.split() == [str(limit)] * 2
