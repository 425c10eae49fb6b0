"""Become an ordinary user, then run the driver of the browser. The service runs this file as a script."""

import os
import sys

VARIABLES = ("LINKSKIPPER_DRIVER_UID", "LINKSKIPPER_DRIVER_GID", "LINKSKIPPER_DRIVER_NODE", "LINKSKIPPER_DRIVER_SCRIPT")

if __name__ == "__main__":
    uid, gid, node, script = (os.environ.pop(name) for name in VARIABLES)
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
    os.chdir(os.environ["HOME"])  # the user may not be allowed into the folder of the service
    os.execv(node, [node, script, *sys.argv[1:]])  # noqa: S606 - the service gives the program
