"""The built packages install in empty environments of every Python version, and work there."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from conftest import Tenant

PROJECT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
CONSUMER = """
import sys
from linkskipper_sdk import LinkSkipper, ResolvedLink

with LinkSkipper(sys.argv[1], base_url=sys.argv[2]) as client:
    link: ResolvedLink = client.resolve_and_wait("https://redirect.lab.test/301")
    print(link.target_url, len(list(client.resolve_many(["https://redirect.lab.test/301"] * 3))))
"""


def find_python(version: str) -> str | None:
    """Return a program that runs a Python version: of the path, or of pyenv, whose shims need not run."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}"), *root.glob(f"versions/{version}.*/bin/python")]
    return next((str(program) for program in candidates if program is not None and runs(program)), None)


def runs(program: str | Path) -> bool:
    """Say whether a program is a Python that works."""
    return subprocess.run([program, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide a folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return folder


def test_what_is_in_the_packages(built: Path) -> None:
    """The wheel has the modules, the marker of types and the license. The sdist has no tests."""
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "linkskipper_sdk/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert all(name.startswith(("linkskipper_sdk/", "linkskipper_sdk-")) for name in names)
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "src/linkskipper_sdk/client.py"} <= inside
    assert not any(name.startswith(("tests", ".venv")) for name in inside)


FOUND = [program for version in VERSIONS if (program := find_python(version))]


@pytest.mark.parametrize(("program", "kind"), [(FOUND[0], "*.tar.gz"), *((program, "*.whl") for program in FOUND)])
def test_a_consumer(built: Path, program: str, kind: str, tenant: Tenant, tmp_path: Path) -> None:
    """A project with nothing but the package resolves a link."""
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([UV, "venv", "--quiet", "--python", program, tmp_path / "venv"], check=True)
    (package,) = built.glob(kind)
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, package], check=True)
    script = tmp_path / "consumer.py"
    script.write_text(CONSUMER)
    command = [str(python), "-W", "error", str(script), tenant.key("normal"), tenant.base_url]
    assert subprocess.check_output(command, text=True, cwd=tmp_path) == "https://example.com/status/301 3\n"


def test_types_for_consumers(built: Path, tmp_path: Path) -> None:
    """mypy --strict finds the types of the installed package, and a misuse of them."""
    target = tmp_path / "site"
    (wheel,) = built.glob("*.whl")
    subprocess.run([UV, "pip", "install", "--quiet", "--no-deps", "--target", target, wheel], check=True)
    script = tmp_path / "consumer.py"
    script.write_text(CONSUMER + "reveal_type(client.resolve('x'))\nlink.target_url + 1\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(script)]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(target)}, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert "ResolvedLink | linkskipper_sdk.models.QueuedJob" in done.stdout
    assert "Unsupported operand types" in done.stdout
    assert "Found 1 error" in done.stdout
