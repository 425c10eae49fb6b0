"""Other processes of the same user, such as a browser that a page took over, read nothing of the service."""

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
