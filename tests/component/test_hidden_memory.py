"""Programs that the service starts, such as a browser that a page took over, reach neither its memory nor its files."""

import os
import pwd
import subprocess
import sys

import pytest

pytestmark = pytest.mark.attack

SECRET = "0123456789abcdef-secret-of-the-service"
SERVICE = """
import ctypes, os, sys
from linkskipper.service import process
def attack():
    if (child := os.fork()) == 0:
        try:
            with open(f"/proc/{os.getppid()}/environ", "rb") as environ, open(f"/proc/{os.getppid()}/maps", "rb"):
                print("found" if b"SECRET" in environ.read() else "missing", flush=True)
        except PermissionError:
            print("refused", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
async def main():
    attack()
uid = int(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as if this user had started the process
attack()
process.run(main())
"""


def test_a_process_of_the_same_user() -> None:
    """It can read the environment of an ordinary process. It cannot read that of the service, nor its memory."""
    uid = os.geteuid() or pwd.getpwnam("nobody").pw_uid
    environment = {**os.environ, "LINKSKIPPER_SECRET_KEY": SECRET}
    command = [sys.executable, "-c", SERVICE, str(uid)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["found", "refused"]


PARENT = """
import asyncio, sys
from linkskipper.service import process
CHILD = "import os; print(*map(os.path.realpath, map('/proc/self/fd/'.__add__, os.listdir('/proc/self/fd'))))"
async def main():
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await child.communicate()
    print(output.decode())
process.run(main())
"""


def test_files_that_the_service_inherited() -> None:
    """A program that it starts has none of the files with which the service was started."""
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing):
        pipe = f"pipe:[{os.fstat(writing).st_ino}]"
        run = subprocess.run(
            [sys.executable, "-c", PARENT], pass_fds=[writing], capture_output=True, text=True, check=True
        )
    assert "pipe:[" in run.stdout or "socket:[" in run.stdout
    assert pipe not in run.stdout
