"""The socket of the embedded server: a private folder, and a program of the right user."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from linkskipper.database.embedded.server_socket import FILE_NAME, server_answers, socket_folder
from linkskipper.database.embedded.system_user import ServerUser
from linkskipper.errors import DataDirError

LONG = Path("/data") / ("long" * 30) / "postgres"
ME = ServerUser(os.geteuid(), os.getegid(), is_stand_in=False)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Use a folder of the test's own for temporary files."""
    with TemporaryDirectory(prefix="linkskipper-tests-") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        yield Path(folder)


def test_a_short_path_needs_no_other_folder(temporary: Path) -> None:
    """The socket is in the cluster, unless that path is longer than the system allows."""
    assert socket_folder(Path("/data/postgres"), ME) == Path("/data/postgres")
    fits = Path("/" + "d" * (100 - 2 - len(FILE_NAME)))
    assert socket_folder(fits, ME) == fits
    assert socket_folder(fits.with_name(fits.name + "d"), ME).parent == temporary


def test_a_long_path_gets_one_private_folder(temporary: Path) -> None:
    """Every process finds the same folder, which nobody else can enter."""
    folder = socket_folder(LONG, ME)
    assert socket_folder(LONG, ME) == folder
    assert folder.parent == temporary
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("is_stand_in", [False, True])
def test_a_folder_of_a_stranger_is_refused_and_not_changed(temporary: Path, is_stand_in: bool) -> None:  # noqa: FBT001
    """A folder that others can enter, or a link, is not used, and root does not give it to another user."""
    user = ME._replace(is_stand_in=is_stand_in)
    folder = socket_folder(LONG, ME)
    folder.chmod(0o750)
    before = folder.stat()
    with pytest.raises(DataDirError, match="is not a private folder"):
        socket_folder(LONG, user)
    assert folder.stat() == before
    folder.rmdir()
    (temporary / "target").mkdir(mode=0o700)
    folder.symlink_to(temporary / "target")
    with pytest.raises(DataDirError, match="is not a private folder"):
        socket_folder(LONG, user)


def test_a_folder_of_another_user_is_refused(temporary: Path) -> None:
    """A private folder that belongs to another user than the server's is not used."""
    folder = socket_folder(LONG, ME)
    stranger = ME._replace(uid=ME.uid + 1)
    folder.rename(temporary / folder.name.replace(f"-{ME.uid}-", f"-{stranger.uid}-"))
    with pytest.raises(DataDirError, match="is not a private folder"):
        socket_folder(LONG, stranger)


def test_only_a_program_of_the_owner_counts(temporary: Path) -> None:
    """A program of another user that listens at the socket is an error. Nobody who listens is not."""
    assert not server_answers(temporary, owner=ME.uid)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(temporary / FILE_NAME))
        assert not server_answers(temporary, owner=ME.uid)
        listener.listen()
        assert server_answers(temporary, owner=ME.uid)
        with pytest.raises(DataDirError, match=f"another user .uid {ME.uid}. answers"):
            server_answers(temporary, owner=ME.uid + 1)
