"""Measures whether the event loop continues during an operation, and what the operation takes."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import thread_time

import psutil

BEAT = 0.01


@dataclass
class Pulse:
    """`longest` is the longest computation of the loop's thread between two beats, in seconds. `grown` is in bytes."""

    longest: float = 0.0
    grown: int = 0


@asynccontextmanager
async def heartbeat() -> AsyncIterator[Pulse]:
    """Measure the loop's pulse. The load of other processes and the memory of earlier tests do not count."""
    gc.collect()
    gc.freeze()
    process, pulse = psutil.Process(), Pulse()
    before = process.memory_info().rss

    async def beat() -> None:
        last = thread_time()
        while True:
            await asyncio.sleep(BEAT)
            now = thread_time()
            pulse.longest = max(pulse.longest, now - last)
            pulse.grown = max(pulse.grown, process.memory_info().rss - before)
            last = thread_time()

    beating = asyncio.create_task(beat())
    try:
        yield pulse
    finally:
        await asyncio.sleep(BEAT * 2)
        beating.cancel()
        gc.unfreeze()
