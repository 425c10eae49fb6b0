"""Start a real service for the tests of the SDKs: ``linkskipper serve --lab``, a proxy and a webhook receiver.

It needs the Python environment of the service. ``python service.py`` prints one line of JSON when everything is
ready, ``{"control": URL}``, and runs until its standard input ends or it is terminated.
``python service.py -- COMMAND…`` runs a command with ``LINKSKIPPER_SDK_SERVICE`` set to that URL, and exits with its
exit code. README.md says what the control URL offers.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fixture.control import Control
from fixture.process import Service
from fixture.proxy import CuttingProxy
from fixture.receiver import HOST, Receiver
from fixture.tenants import prepare


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[str]:
    """Run everything until the context ends. Gives the control URL."""
    async with AsyncExitStack() as stack:
        receiver = Receiver(folder)
        await receiver.start()
        stack.push_async_callback(receiver.stop)
        mapping = f"{HOST}:443=127.0.0.1:{receiver.port}"
        settings = {"LINKSKIPPER_WEBHOOK_HOST_MAP": mapping, "LINKSKIPPER_EXTRA_CA": str(receiver.ca_file)}
        service = Service(folder, settings)
        stack.push_async_callback(service.stop)
        await service.start()
        proxy = CuttingProxy(service.port)
        proxy_url = await proxy.start()
        stack.push_async_callback(proxy.stop)
        await prepare(service)
        control = Control(service, proxy, proxy_url, receiver)
        url = await control.start()
        stack.push_async_callback(control.stop)
        yield url


async def run_command(url: str, command: list[str]) -> int:
    """Run a command that finds the control URL in its environment, and return its exit code."""
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, "LINKSKIPPER_SDK_SERVICE": url})
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()


async def stay(url: str) -> int:
    """Print where the control is, and wait for the end of standard input."""
    print(json.dumps({"control": url}), flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass
    return 0


async def main(arguments: list[str]) -> int:
    """Run the fixture for a command, or until standard input ends."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with tempfile.TemporaryDirectory(prefix="linkskipper-sdk-") as folder:
        async with running(Path(folder)) as url:
            return await (run_command(url, arguments[1:]) if arguments[:1] == ["--"] else stay(url))


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(sys.argv[1:])))
    except asyncio.CancelledError:
        sys.exit(130)
