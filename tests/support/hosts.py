"""Hosts in network namespaces of this machine, on one switch. Links between them can fall silent."""

import asyncio
import itertools
import os
import shutil
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from support.far_host import ip

STOP_SECONDS = 10


@dataclass(frozen=True)
class Host:
    """A host with one address."""

    namespace: str
    address: str

    def silence(self, other: "Host") -> None:
        """Drop everything that this host sends to another one. Nobody is told."""
        ip("-n", self.namespace, "route", "add", "blackhole", other.address)

    def restore(self, other: "Host") -> None:
        """End the silence towards another host."""
        ip("-n", self.namespace, "route", "delete", "blackhole", other.address)

    def vanish(self) -> None:
        """Pull the cable of the host."""
        ip("-n", self.namespace, "route", "replace", "blackhole", "default")
        ip("-n", self.namespace, "route", "flush", "dev", "eth0")

    @asynccontextmanager
    async def running(
        self, *command: str, env: Mapping[str, str] | None = None, **options: Any
    ) -> AsyncIterator[Process]:
        """Run a program on the host until the context ends."""
        process = await asyncio.create_subprocess_exec(
            "ip", "netns", "exec", self.namespace, *command, env=env, stdin=DEVNULL, stdout=PIPE, **options
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


@dataclass(frozen=True)
class Network:
    """A switch that this process is on, with the address `address`."""

    name: str
    prefix: str

    @property
    def address(self) -> str:
        """The address of this process."""
        return f"{self.prefix}.1"

    def add_host(self, number: int) -> Host:
        """Add a host."""
        namespace, port = f"{self.name}-{number}", f"{self.name}p{number}"
        host = Host(namespace, f"{self.prefix}.{number}")
        ip("netns", "add", namespace)
        ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        ip("link", "set", port, "master", self.name, "up")
        ip("-n", namespace, "address", "add", f"{host.address}/24", "dev", "eth0")
        ip("-n", namespace, "link", "set", "eth0", "up")
        ip("-n", namespace, "link", "set", "lo", "up")
        return host


_numbers = itertools.count(os.getpid())


@contextmanager
def network(size: int) -> Iterator[tuple[Network, list[Host]]]:
    """Make a network with a number of hosts. Skip the test where this process may not."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("Only root can make network namespaces, with the program ip (Debian: iproute2).")
    number = next(_numbers)
    made = Network(f"ls{number % 100_000}", f"10.214.{number % 256}")
    ip("link", "add", made.name, "type", "bridge")
    try:
        ip("address", "add", f"{made.address}/24", "dev", made.name)
        ip("link", "set", made.name, "up")
        yield made, [made.add_host(number) for number in range(11, 11 + size)]
    finally:
        for number in range(11, 11 + size):
            subprocess.run(["ip", "netns", "delete", f"{made.name}-{number}"], capture_output=True, check=False)
        ip("link", "delete", made.name)
