"""The program of a worker process of `serve`. It is not a command."""

import sys

from linkskipper.cli import logs
from linkskipper.service import process
from linkskipper.service.worker_messages import read_orders
from linkskipper.service.worker_process import take_stdout, work

COMMAND = (sys.executable, "-P", "-m", __spec__.name if __spec__ else __name__)


def main() -> None:
    """Work by the orders of standard input."""
    reports = take_stdout()
    orders = read_orders(sys.stdin.buffer)
    logs.configure(orders.settings, process=orders.name)
    process.run(work(orders, reports))


if __name__ == "__main__":
    main()
