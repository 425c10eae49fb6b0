"""Waits do not depend on the wall clock, which people and servers change."""

import httpx2
import pytest

from linkskipper_sdk import LinkSkipper, WaitTimeout
from support.virtual import ScriptedServer, VirtualClock

QUEUED = {"status": 202, "headers": {}, "json": {"job_id": "job", "status": "queued"}, "takes": 25}
RUNNING = {"status": 200, "headers": {}, "json": {"job_id": "job", "status": "running"}, "takes": 25}


class JumpingClock(VirtualClock):
    """A clock whose wall time jumps by a day at each look, while its monotonic time goes on."""

    jumps = 0

    def time(self) -> float:
        """Return a time that is far from the one before."""
        self.jumps += 1
        return super().time() + (86400 if self.jumps % 2 else -86400) * self.jumps


def test_a_wait_on_a_jumping_clock() -> None:
    """The deadline comes after the seconds that were asked for."""
    clock = JumpingClock()
    server = ScriptedServer([QUEUED, RUNNING, {**RUNNING, "takes": 10}], clock)
    with httpx2.Client(transport=httpx2.MockTransport(server.handle)) as http:
        client = LinkSkipper("sk_live_x", http_client=http, clock=clock, sleeper=clock.sleep)
        with pytest.raises(WaitTimeout) as failure:
            client.resolve_and_wait("https://x", max_wait=60)
    assert clock.jumps > 0
    assert failure.value.waited == pytest.approx(60, abs=0.2)
