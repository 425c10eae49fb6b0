"""Files of desktops that hold one link, and files that hold no text."""

import gzip
import plistlib
import zipfile
from pathlib import Path

import pytest

from linkskipper.cli.resolve_input import LinkFile
from linkskipper.cli.shortcut_files import MAX_BYTES
from linkskipper.errors import InputError

LINK = "https://bit.ly/a%20b?c&d"
WINDOWS = f"[{{000214A0}}]\r\nProp3=19,2\r\n[InternetShortcut]\r\nURL={LINK}\r\nIconFile=https://bit.ly/icon.ico\r\n"
FILES = {
    "a.url": WINDOWS.encode(),
    "utf-16.URL": WINDOWS.encode("utf-16"),
    "a.desktop": f"[Desktop Entry]\nType=Link\nName[de]=x\nURL={LINK}\nIcon=x\n".encode(),
    "a.webloc": plistlib.dumps({"URL": LINK}),
    "binary.webloc": plistlib.dumps({"URL": LINK}, fmt=plistlib.FMT_BINARY),
}
WITHOUT_LINK = {
    "application.desktop": b"[Desktop Entry]\nType=Application\nExec=https://bit.ly/a\n",
    "empty.url": b"",
    "text.url": b"https://bit.ly/a",
    "cut.webloc": plistlib.dumps({"URL": LINK})[:-20],
    "cut-binary.webloc": plistlib.dumps({"URL": LINK}, fmt=plistlib.FMT_BINARY)[:-20],
    "number.webloc": plistlib.dumps({"URL": 1}),
    "list.webloc": plistlib.dumps([LINK]),
    "entities.webloc": b'<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a "a">]><plist><string>&a;</string></plist>',
    "large.url": WINDOWS.encode() + b"x" * MAX_BYTES,
}


@pytest.mark.parametrize("name", FILES)
def test_shortcuts(tmp_path: Path, name: str) -> None:
    """The link of a shortcut is read as it stands. The other URLs of the file are not links."""
    (tmp_path / name).write_bytes(FILES[name])
    assert list(LinkFile(tmp_path / name, column=None).batches()) == [[LINK]]


@pytest.mark.parametrize("name", WITHOUT_LINK)
def test_shortcuts_without_a_link(tmp_path: Path, name: str) -> None:
    """Any other file with such a name is refused."""
    (tmp_path / name).write_bytes(WITHOUT_LINK[name])
    with pytest.raises(InputError, match=f"{name} is not a shortcut"):
        list(LinkFile(tmp_path / name, column=None).batches())


def test_files_that_hold_no_text(tmp_path: Path) -> None:
    """Compressed files, spreadsheets and documents are refused. Their bytes are not read as links."""
    (tmp_path / "links.gz").write_bytes(gzip.compress(LINK.encode()))
    (tmp_path / "links.pdf").write_bytes(b"%PDF-1.7\n" + LINK.encode())
    with zipfile.ZipFile(tmp_path / "links.xlsx", "w") as workbook:
        workbook.writestr("sheet.xml", LINK)
    for name in ("links.gz", "links.pdf", "links.xlsx"):
        for column in (None, "url"):
            with pytest.raises(InputError, match=f"{name} is not a text file"):
                list(LinkFile(tmp_path / name, column=column).batches())
    (tmp_path / "links.txt").write_text(f"PK: {LINK}\n")
    assert list(LinkFile(tmp_path / "links.txt", column=None).batches()) == [[f"PK: {LINK}"]]
