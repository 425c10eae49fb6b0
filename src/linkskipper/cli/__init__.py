"""The command line: data on stdout, all else on stderr; exit 0, 1 (failed) or 2 (wrong use)."""

import sys

from linkskipper.cli.commands import app
from linkskipper.errors import OperatorError

__all__ = ["app", "main"]


def main() -> None:
    """Run a command; what the operator can mend is one line and exit 1, never a traceback."""
    try:
        app()
    except OperatorError as error:
        print(f"linkskipper: {error}", file=sys.stderr)  # noqa: T201 - this is the command line's output
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
