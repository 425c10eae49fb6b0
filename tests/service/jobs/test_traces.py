"""Traces are shown where they are asked for, and say what they lack."""

from pathlib import Path
from uuid import UUID

from linkskipper.jobs.trace import MAX_TRACE_BYTES, encode_trace
from linkskipper.resolver import Hop, Mechanism
from support.jobs import JobDesk
from support.service import Service, fresh_link, run_service


async def test_a_long_trace_is_cut(database_url: str, tmp_path: Path) -> None:
    """A trace over its limit lacks the last hops, and the answer says how many."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        desk, caller = JobDesk(service.pool), await service.caller()
        job_id = (await caller.resolve(fresh_link())).body["job_id"]
        hops = [
            Hop(f"https://a.test/{number}/" + "x" * 7000, Mechanism.LOCATION_HEADER, 302, 1) for number in range(20)
        ]
        encoded, omitted = encode_trace(hops)
        await desk.resolve(UUID(job_id), hops=encoded, omitted_hops=omitted)
        job = await caller.finished(job_id)
        assert [hop["url"] for hop in job["trace"]] == [hop.url for hop in hops[:9]]
        assert job["trace_omitted_hops"] == 11
        assert len(job["trace"]) * 7000 < MAX_TRACE_BYTES


async def test_a_trace_is_only_there_where_asked_for(service: Service) -> None:
    """A job shows its trace only with ?include=trace. A whole trace does not mention omitted hops."""
    caller = await service.caller()
    job_id = (await caller.resolve(fresh_link(), wait=10)).body["job_id"]
    plain = (await caller.get(f"/v1/jobs/{job_id}")).body
    assert {"trace", "trace_omitted_hops", "reason"}.isdisjoint(plain)
    full = await caller.finished(job_id)
    assert [hop["mechanism"] for hop in full["trace"]] == ["location-header"]
    assert "trace_omitted_hops" not in full
