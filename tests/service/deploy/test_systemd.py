"""The units of systemd are right, and leave a process few rights that it does not need."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkskipper.cli.commands import app
from linkskipper.settings import SECRETS, Settings
from support.documents import ROOT
from support.processes import COMMAND

FOLDER = ROOT / "deploy" / "systemd"
UNITS = {path.name: path.read_text() for path in FOLDER.glob("*.service")}
# systemd rates from 0 (safe) to 100. Chromium needs name spaces and writable code.
RATINGS = {
    "linkskipper.service": 22,
    "linkskipper-worker@.service": 22,
    "linkskipper-api.service": 15,
    "linkskipper-migrate.service": 15,
}


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Return a folder with the units, whose command is the one of this environment. The template has an instance."""
    for name, text in UNITS.items():
        file = tmp_path / name.replace("@.", "@1.")
        file.write_text(text.replace("/usr/local/bin/linkskipper", COMMAND))
    return tmp_path


@pytest.mark.parametrize("name", UNITS)
def test_a_unit(units: Path, name: str) -> None:
    """systemd accepts every line of it, and its rating is no worse than it was."""
    file = units / name.replace("@.", "@1.")
    checked = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, check=False)
    assert [line for line in checked.stderr.splitlines() if str(units) in line] == []
    assert checked.returncode == 0
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={RATINGS[name]}", str(file)]
    rated = subprocess.run(command, capture_output=True, text=True, check=False)
    assert rated.returncode == 0, rated.stdout


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_outlives_a_failure(name: str) -> None:
    """It is started again as often as it fails, and one that fails does not end those that wait for it."""
    lines = UNITS[name].splitlines()
    assert {"Restart=on-failure", "StartLimitIntervalSec=0"} <= set(lines)
    assert not [line for line in lines if line.startswith(("Requires=", "BindsTo=", "Requisite="))]
    wanted = [line.partition("=")[2] for line in lines if line.startswith("Wants=")]
    assert wanted == [line.partition("=")[2] for line in lines if line.startswith("After=")]


@pytest.mark.parametrize("name", UNITS)
def test_its_command_and_settings_exist(name: str) -> None:
    """A unit runs a command of this version, with variables that are settings."""
    [command] = re.findall(r"ExecStart=/usr/local/bin/linkskipper (.*)", UNITS[name])
    assert CliRunner().invoke(app, [*command.split(), "--help"]).exit_code == 0
    named = set(re.findall(r"LINKSKIPPER_(\w+)=", UNITS[name]))
    assert named <= {field.upper() for field in Settings.model_fields} | {f"{secret}_FILE" for secret in SECRETS}
