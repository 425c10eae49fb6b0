"""A host of its own, in a network namespace of this machine, whose cable can be pulled."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

FORWARD = """
import asyncio, sys

async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()

async def forward(reader, writer):
    far_reader, far_writer = await asyncio.open_unix_connection(sys.argv[2])
    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

async def main():
    async with await asyncio.start_server(forward, sys.argv[1], 5432) as server:
        print("ready", flush=True)
        await server.serve_forever()

asyncio.run(main())
"""
numbers = itertools.count(os.getpid() % 16_000 * 4)


@dataclass(frozen=True)
class FarHost:
    """A host with one address."""

    name: str
    near_address: str
    address: str

    def pull_cable(self) -> None:
        """Drop everything that the host sends. Nobody is told."""
        self.run("ip", "route", "add", "blackhole", self.near_address)

    def run(self, *command: str) -> None:
        """Run a command on the host."""
        ip("netns", "exec", self.name, *command)

    @contextmanager
    def forwarding(self, socket_file: str) -> Iterator[None]:
        """Forward port 5432 of the host to a socket file."""
        command = ["ip", "netns", "exec", self.name, sys.executable, "-c", FORWARD, self.address, socket_file]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            try:
                yield
            finally:
                process.kill()


@contextmanager
def far_host() -> Iterator[FarHost]:
    """Make a host. Skip the test where this process may not."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("Only root can make network namespaces, with the program ip (Debian: iproute2).")
    third, fourth = divmod(next(numbers) * 4 % 65_536, 256)
    name, near, far = f"linkskipper-{os.getpid()}", f"10.213.{third}.{fourth + 1}", f"10.213.{third}.{fourth + 2}"
    near_device, far_device = f"lsn{os.getpid()}", f"lsf{os.getpid()}"
    ip("netns", "add", name)
    try:
        ip("link", "add", near_device, "type", "veth", "peer", "name", far_device, "netns", name)
        ip("address", "add", f"{near}/30", "dev", near_device)
        ip("link", "set", near_device, "up")
        host = FarHost(name, near, far)
        host.run("ip", "address", "add", f"{far}/30", "dev", far_device)
        host.run("ip", "link", "set", far_device, "up")
        yield host
    finally:
        ip("netns", "delete", name)  # its devices go with it


def ip(*arguments: str) -> None:
    """Run the program ip."""
    done = subprocess.run(["ip", *arguments], capture_output=True, check=False, text=True)
    if "Operation not permitted" in done.stderr:
        pytest.skip(f"This machine does not allow network namespaces: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
