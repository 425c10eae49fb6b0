"""Limit the memory of this process, become an ordinary user if there is one, then run the driver of the browser.

The service runs this file as a script. The driver and all processes of the browser inherit the limit, each for itself:
a page can fill gigabytes between two looks of the service.
"""

import os
import resource
import sys

_NAMES = ("LIMIT", "UID", "GID", "NODE", "SCRIPT")
VARIABLES = tuple(f"LINKSKIPPER_DRIVER_{name}" for name in _NAMES)

if __name__ == "__main__":
    limit, uid, gid, node, script = (os.environ.pop(name) for name in VARIABLES)
    # Only root may raise the limit that this process was started with.
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = int(limit) if hard == resource.RLIM_INFINITY else min(int(limit), hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    if uid:
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
        os.chdir(os.environ["HOME"])  # the user may not be allowed into the folder of the service
    os.execv(node, [node, script, *sys.argv[1:]])  # noqa: S606 - the service gives the program
