"""Compressed bombs, with the memory of the process measured (docs/explanation/egress-guard.md, "Bodies")."""

import gzip
import sys
import zlib
from collections.abc import Callable
from functools import partial

import brotli  # type: ignore[import-untyped]
import pytest

from support.heartbeat import heartbeat
from support.shortener import Bench

pytestmark = pytest.mark.slow

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024 * 1024
UNPACKED = 256 * MIB
GROWN_AT_MOST = 32 * MIB
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": partial(brotli.compress, quality=1),
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("coding", PACKERS)
async def test_a_bomb(bench: Bench, coding: str) -> None:
    """256 MiB of zeros in little end as body_too_large, in a fraction of their size and without holding up the loop."""
    body = PACKERS[coding](bytes(UNPACKED))
    assert len(body) < MIB
    head = f"HTTP/1.1 200 X\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n"
    bench.put("/a", head.encode() + body)
    async with heartbeat() as pulse:
        resolution = await bench.resolve("http://s.test/a")
    assert resolution.reason == "body_too_large"
    assert pulse.grown < GROWN_AT_MOST
    assert pulse.longest < 0.25
