"""The wheel works without the source tree: what `pipx install` would install resolves a link."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from support.documents import ROOT
from support.processes import run, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [file] = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Install the wheel into a new environment. Its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(install, check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    # A folder that a .pth file names is searched last, and the .pth files in it do not count.
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return str(folder / "bin" / "linkskipper")


async def test_it_resolves_a_link(program: str, data_dir: Path) -> None:
    """`serve --lab` of the installed wheel answers the request that it prints."""
    async with serving(data_dir, program=program) as service:
        status, body = await service.post()
        assert (status, body["status"]) in {(200, "done"), (202, "queued")}


async def test_it_is_the_wheel_that_runs(program: str) -> None:
    """The program loads the package of its own environment."""
    python = str(Path(program).with_name("python"))
    shown = await run("-c", "import linkskipper; print(linkskipper.__file__)", program=python)
    assert Path(shown.out.strip()).is_relative_to(Path(program).parents[1])


def test_its_content(wheel: Path) -> None:
    """The wheel has the package and nothing else."""
    with ZipFile(wheel) as archive:
        folders = {name.split("/")[0] for name in archive.namelist()}
    assert {folder.partition("-")[0] for folder in folders} == {"linkskipper"}
