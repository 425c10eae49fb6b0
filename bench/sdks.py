"""The client SDKs against bare loops in their own languages, and how many calls a wait takes."""

import asyncio
import json
import sys
from pathlib import Path
from statistics import median

from bench.harness import show_limit, show_ratio

ROOT = Path(__file__).parents[1]
SERVICE = ROOT / "sdks" / "conformance" / "service.py"
# Each prints a line of JSON: {"name": …, "sdk": [links/s, …], "bare": [links/s, …], "calls": calls of a wait for 12 s}.
DRIVERS = {
    "python": ("sdks/python/.venv/bin/python", "sdks/python/bench.py"),
    "js": ("node", "sdks/js/bench.mjs"),
    "php": ("php", "sdks/php/bench.php"),
}


async def run() -> None:
    """Measure each SDK that has been set up (`make sdks`): both loops in turn, against the same service."""
    for program, script in DRIVERS.values():
        if (ROOT / script).exists():
            await _measure(program, script)


async def _measure(program: str, script: str) -> None:
    command = (sys.executable, str(SERVICE), "--", program, script)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0, f"{script} failed"
    for result in map(json.loads, output.splitlines()):
        show_ratio(
            f"{result['name']}: resolve_many against a bare loop",
            [sdk / bare for sdk, bare in zip(result["sdk"], result["bare"], strict=True)],
            aim=0.7,
            detail=f"{median(result['sdk']):.0f} against {median(result['bare']):.0f} links/s",
        )
        show_limit(f"{result['name']}: calls of a wait for 12 s", result["calls"], limit=2, unit="calls")
