"""linkskipper doctor"""

import typer

from linkskipper.cli.database import find_database
from linkskipper.cli.options import DataDirOption, JsonOption
from linkskipper.cli.output import print_json
from linkskipper.cli.startup import start
from linkskipper.service.doctor import CheckResult
from linkskipper.service.doctor import examine as examine_installation

MARKS = {"ok": "ok     ", "warning": "warning", "problem": "PROBLEM"}


def examine(data_dir: DataDirOption = None, *, as_json: JsonOption = False) -> None:
    """Examine the installation: what is wrong, and what to do about it. Exit with 1 if there is a problem.

    It checks database, schema, secret, clock, ledger, queue, limits, provider files, DNS, network, browser, disk, open
    files and settings, and sends one request to example.com.
    """
    results = examine_installation(find_database(start(data_dir=data_dir)))
    if as_json:
        print_json(results)
    else:
        for result in results:
            _print(result)
    raise typer.Exit(1 if any(result.state == "problem" for result in results) else 0)


def _print(result: CheckResult) -> None:
    typer.echo(f"{MARKS[result.state]}  {result.name}: {result.found}")
    if result.action:
        typer.echo(f"         Do: {result.action}")
