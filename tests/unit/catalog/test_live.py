"""The operator's directory while the service runs: what changes there counts once it has come to rest."""

import os
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest
from structlog.testing import capture_logs

from linkskipper.catalog import Catalog, LiveCatalog
from linkskipper.catalog.loading.directory import ProviderDirectory

FILE = 'id = "{}"\nlabel = "{}"\nhosts = ["{}"]\ntier = "standard"\n'
BROKEN = 'id = "mine"\nlabel = '


def write(directory: Path, id_: str, *, label: str = "A", host: str = "", name: str = "") -> Path:
    file = directory / (name or f"{id_}.toml")
    file.write_text(FILE.format(id_, label, host or f"{id_}.test"))
    return file


def look(live: LiveCatalog, times: int = 2) -> list[dict[str, object]]:
    """Look so many times, and give what was logged."""
    with capture_logs() as logs:
        for _ in range(times):
            live.look()
    return [dict(entry) for entry in logs]


def label(catalog: Catalog, host: str) -> str | None:
    owner = catalog.owner(host)
    return owner.label if owner else None


def test_added_changed_removed(tmp_path: Path) -> None:
    """Each is taken in by everybody who was handed the catalogue, and is told once."""
    live = LiveCatalog(tmp_path)
    handed = live.catalog
    file = write(tmp_path, "mine")
    assert look(live)[0].items() >= {"event": "providers.reloaded", "added": ["mine"], "removed": []}.items()
    assert label(handed, "mine.test") == "A"
    write(tmp_path, "mine", label="B")
    assert look(live)[0]["changed"] == ["mine"]
    assert label(handed, "mine.test") == "B"
    file.unlink()
    assert look(live)[0]["removed"] == ["mine"]
    assert label(handed, "mine.test") is None
    assert look(live, 3) == []


def test_over_the_built_in_ones(tmp_path: Path) -> None:
    """A file of a built-in id takes that one's place for as long as it is there."""
    live = LiveCatalog(tmp_path)
    built_in = label(live.catalog, "bit.ly")
    file = write(tmp_path, "bitly", label="Mine", host="bit.ly")
    assert look(live)[0]["changed"] == ["bitly"]
    assert label(live.catalog, "bit.ly") == "Mine"
    file.unlink()
    assert look(live)[0]["changed"] == ["bitly"]
    assert label(live.catalog, "bit.ly") == built_in


def test_broken_then_mended(tmp_path: Path) -> None:
    """The last good version stays, the log tells what is wrong once for each change, and mending it is enough."""
    file = write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    file.write_text(BROKEN)
    (told,) = look(live, 4)
    assert told.items() >= {"event": "providers.file_refused", "log_level": "error", "file": str(file)}.items()
    assert label(live.catalog, "mine.test") == "A"
    file.write_text(BROKEN + "\n")
    assert len(look(live, 4)) == 1
    write(tmp_path, "mine", label="B")
    assert [entry["event"] for entry in look(live)] == ["providers.reloaded"]
    assert label(live.catalog, "mine.test") == "B"


def test_broken_at_the_start(tmp_path: Path) -> None:
    """A file that is broken when the service starts is left out, the built-in one stays, all others are there."""
    write(tmp_path, "mine")
    (tmp_path / "bitly.toml").write_text(BROKEN)
    with capture_logs() as logs:
        live = LiveCatalog(tmp_path)
    assert [entry["event"] for entry in logs] == ["providers.file_refused"]
    assert label(live.catalog, "mine.test") == "A"
    assert label(live.catalog, "bit.ly") == "Bitly"


def test_no_directory_yet(tmp_path: Path) -> None:
    """A directory that is not there stops nothing, is told once, and is read when it comes; what it had stays."""
    directory = tmp_path / "providers"
    with capture_logs() as logs:
        live = LiveCatalog(directory)
    assert [entry["event"] for entry in logs] == ["providers.file_refused"]
    assert look(live) == []
    directory.mkdir()
    write(directory, "mine")
    assert look(live)[0]["added"] == ["mine"]
    directory.rename(tmp_path / "away")
    (told,) = look(live, 3)
    assert "stays until it can" in str(told["problem"])
    assert label(live.catalog, "mine.test") == "A"


def test_half_written(tmp_path: Path) -> None:
    """What is seen amid a write is never taken, although it may be a whole file by its looks."""
    live = LiveCatalog(tmp_path)
    for size in range(1, 5):
        write(tmp_path, "mine", label="A" * size)
        assert look(live, 1) == []
    assert look(live, 1)[0]["added"] == ["mine"]
    assert label(live.catalog, "mine.test") == "AAAA"


def test_replaced_by_a_rename(tmp_path: Path) -> None:
    """A file that is away for a moment, as some editors replace them, is never missed; nor is one of the same size."""
    file = write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    before = file.stat()
    file.rename(tmp_path / "mine.toml~")
    assert look(live, 1) == []
    assert label(live.catalog, "mine.test") == "A"
    write(tmp_path, "mine", label="B", name="new").rename(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert look(live)[0]["changed"] == ["mine"]
    assert label(live.catalog, "mine.test") == "B"


def test_a_directory_of_links_that_is_swapped(tmp_path: Path) -> None:
    """As container platforms mount files: links to a directory that is itself a link, which is replaced."""
    mounted = tmp_path / "mounted"
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        write(tmp_path / version, "mine", label=version)
    mounted.mkdir()
    (mounted / "..data").symlink_to(tmp_path / "one")
    (mounted / "mine.toml").symlink_to(mounted / "..data" / "mine.toml")
    live = LiveCatalog(mounted)
    assert label(live.catalog, "mine.test") == "one"
    (mounted / "..new").symlink_to(tmp_path / "two")
    (mounted / "..new").rename(mounted / "..data")
    assert look(live)[0]["changed"] == ["mine"]
    assert label(live.catalog, "mine.test") == "two"


def test_renamed(tmp_path: Path) -> None:
    """The same provider in a file of another name is at no time gone, nor in conflict with itself."""
    file = write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    file.rename(tmp_path / "other.toml")
    assert look(live)[0]["changed"] == ["mine"]
    assert label(live.catalog, "mine.test") == "A"


def test_clashes_come_and_go(tmp_path: Path) -> None:
    """A new file cannot take what another has; once that has gone, it is taken in with no change of its own."""
    first = write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    write(tmp_path, "another", label="B", host="mine.test")
    (told,) = look(live, 3)
    assert (told["field"], label(live.catalog, "mine.test")) == ("hosts", "A")
    first.unlink()
    change = look(live)[0]
    assert (change["added"], change["removed"]) == (["another"], ["mine"])
    assert label(live.catalog, "mine.test") == "B"


def test_a_host_that_moves_to_another_file(tmp_path: Path) -> None:
    """Where two files are saved together, the one that takes a host over gets it, in whatever order they are read."""
    write(tmp_path, "a")
    write(tmp_path, "b", host="moved.test")
    live = LiveCatalog(tmp_path)
    write(tmp_path, "a", label="B", host="moved.test")
    write(tmp_path, "b")
    assert [entry["event"] for entry in look(live)] == ["providers.reloaded"]
    assert (label(live.catalog, "moved.test"), label(live.catalog, "b.test")) == ("B", "A")


def test_a_change_counts_once_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where reading a file fails beyond all that is foreseen, the others' changes are taken in the next time."""
    directory = ProviderDirectory(tmp_path)
    write(tmp_path, "a")
    write(tmp_path, "b")
    with monkeypatch.context() as broken:
        broken.setattr(directory.layer, "put", Mock(side_effect=MemoryError))
        with pytest.raises(MemoryError):
            directory.read()
    assert directory.look().changed
    assert sorted(directory.layer.providers) == ["a", "b"]


def test_a_file_that_cannot_be_looked_at(tmp_path: Path) -> None:
    """It is told of, and its last good version stays: only a file that is not there is gone."""
    file = write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    file.unlink()
    file.symlink_to(file)
    (told,) = look(live, 4)
    assert told.items() >= {"event": "providers.file_refused", "file": str(file)}.items()
    assert label(live.catalog, "mine.test") == "A"


def test_graveyard(tmp_path: Path) -> None:
    """An operator may bury a service of his own."""
    live = LiveCatalog(tmp_path)
    (tmp_path / "graveyard.toml").write_text(
        '[[dead]]\nhosts = ["mine.test"]\nlabel = "E"\nclosed = 2026-01-02\nreason = "Sold."\n'
    )
    assert look(live)[0]["changed"] == ["graveyard"]
    assert live.catalog.find_discontinued("mine.test") is not None


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["directory", "pipe"])
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """Other things that are called .toml are told of, and waited for by nobody."""
    make(tmp_path / "mine.toml")
    directory = ProviderDirectory(tmp_path)
    assert "no file" in directory.read().problems[0].message


def test_a_link_under_way_keeps_its_catalogue(tmp_path: Path) -> None:
    """What is taken as it is stays so."""
    write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    as_it_was = live.catalog.snapshot()
    write(tmp_path, "mine", label="B")
    look(live)
    assert (label(as_it_was, "mine.test"), label(live.catalog, "mine.test")) == ("A", "B")
