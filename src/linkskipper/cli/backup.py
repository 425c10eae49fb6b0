"""linkskipper backup and linkskipper restore"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from linkskipper.cli.database import find_database
from linkskipper.cli.options import DataDirOption, NewDataDirOption
from linkskipper.cli.output import note
from linkskipper.cli.startup import start
from linkskipper.errors import SettingsError
from linkskipper.service import backup as backups
from linkskipper.settings import Settings

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="File of the backup.")]


def back_up(file: FileArgument, data_dir: DataDirOption = None) -> None:
    """Write the database and the secret of the service to an encrypted file.

    The service may keep running. The command reads the passphrase from LINKSKIPPER_BACKUP_PASSPHRASE, or asks for it.
    """
    settings = find_database(start(data_dir=data_dir))
    backups.back_up(settings, file, _passphrase(settings, confirm=True))
    note(f"Wrote {file} ({file.stat().st_size:,} bytes). Without the passphrase nobody can read it.")


def restore(file: FileArgument, data_dir: NewDataDirOption = None) -> None:
    """Restore a backup into an empty database.

    The command reads the passphrase from LINKSKIPPER_BACKUP_PASSPHRASE, or asks for it.
    """
    settings = start(data_dir=data_dir)
    backups.restore(settings, file, _passphrase(settings, confirm=False))
    where = "the database of LINKSKIPPER_DATABASE_URL" if settings.database_url else str(settings.data_dir)
    note(f"Restored {file} into {where}. Its keys, credits, jobs and webhooks continue once the service runs.")


def _passphrase(settings: Settings, *, confirm: bool) -> str:
    """Return the passphrase of the settings, or ask for it.

    Raises:
        SettingsError: the passphrase is not set, and the input is not a terminal.
    """
    if settings.backup_passphrase is not None:
        return settings.backup_passphrase.get_secret_value()
    if not sys.stdin.isatty():
        raise SettingsError("LINKSKIPPER_BACKUP_PASSPHRASE: must be set if the input is not a terminal.")
    passphrase: str = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    return passphrase
