"""The supervisor of worker processes, with programs that end in other ways than workers do."""

import asyncio
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from linkskipper.errors import WorkerNotStarted
from linkskipper.metrics import MAX_OBSERVATIONS
from linkskipper.service.supervisor import run_worker_processes
from linkskipper.service.worker_messages import WorkerOrders
from linkskipper.settings import load

DONE = {"tier": "standard", "status": "done"}
READY = "print('{\"ready\": true}', flush=True)"


def program(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import sys, time\n{code}")


def orders(folder: Path) -> list[WorkerOrders]:
    return [WorkerOrders("worker 1", load(data_dir=folder), "postgresql://nowhere", [])]


async def test_a_process_that_ends_again_and_again(tmp_path: Path) -> None:
    """The pauses between its starts grow, and nothing is started after the end of the supervisor."""
    starts = tmp_path / "starts"
    code = f"open({str(starts)!r}, 'a').write('x')\n{READY}"
    with capture_logs() as logs:
        async with run_worker_processes(program(code), orders(tmp_path)) as workers:
            async with asyncio.timeout(60):
                while sum(entry["event"] == "workers.process_ended" for entry in logs) < 3:
                    await asyncio.sleep(0.02)
            assert not workers.ready
    ended = [entry for entry in logs if entry["event"] == "workers.process_ended"]
    assert [(entry["code"], entry["restart_seconds"]) for entry in ended] == [(0, 0.5), (0, 1.0), (0, 2.0)]
    assert len(starts.read_text()) == 3


async def test_a_process_that_ignores_the_stop_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed after a while."""
    monkeypatch.setattr("linkskipper.service.supervisor.STOP_SECONDS", 0.2)
    code = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{READY}\ntime.sleep(60)"
    async with asyncio.timeout(60), run_worker_processes(program(code), orders(tmp_path)) as workers:
        assert workers.ready


async def test_the_error_of_a_process_that_does_not_start(tmp_path: Path) -> None:
    """It becomes the error of the supervisor."""
    code = 'print(\'{"error": "The cat ate it."}\', flush=True)'
    with pytest.raises(WorkerNotStarted, match=r"^The cat ate it\.$"):
        async with run_worker_processes(program(code), orders(tmp_path)):
            pytest.fail("it started")


MANY = f"""
counts = [["job_seconds", {{"tier": "standard", "status": "done"}}, 1.0]] * {MAX_OBSERVATIONS}
print(json.dumps({{"ready": True, "counts": counts}}), flush=True)
time.sleep(60)"""


async def test_a_report_of_a_busy_worker(tmp_path: Path) -> None:
    """As many observations as a worker keeps fit into one report."""
    before = REGISTRY.get_sample_value("linkskipper_job_seconds_count", DONE) or 0
    async with run_worker_processes(program(f"import json{MANY}"), orders(tmp_path)) as workers:
        assert workers.ready
        assert (REGISTRY.get_sample_value("linkskipper_job_seconds_count", DONE) or 0) >= before + MAX_OBSERVATIONS


UNKNOWN = """'{"counts": [["no such counter", {}, 1.0]]}'"""


@pytest.mark.parametrize("report", ["'x'", "'x' * 9_000_000", "'[]'", "chr(0xff)", UNKNOWN])
async def test_reports_that_cannot_be_read(tmp_path: Path, report: str) -> None:
    """The process is killed and started again."""
    code = f"{READY}\nprint({report}, flush=True)\ntime.sleep(60)"
    with capture_logs() as logs:
        async with asyncio.timeout(60), run_worker_processes(program(code), orders(tmp_path)):
            while sum(entry["event"] == "workers.process_ended" for entry in logs) < 2:
                await asyncio.sleep(0.02)
    ended = next(entry for entry in logs if entry["event"] == "workers.process_ended")
    assert ended["code"] == -9
    assert ended["error"].startswith("A report of the worker process cannot be read: ")
