"""The operator's directory of a running service: a change counts once two scans have found it."""

import os
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest
from structlog.testing import capture_logs

from linkskipper.catalog import Catalog
from linkskipper.catalog.live import LiveCatalog
from linkskipper.catalog.loading.directory import ProviderDirectory

FILE = 'id = "{}"\nlabel = "{}"\nhosts = ["{}"]\ntier = "standard"\n'
BROKEN = 'id = "mine"\nlabel = '


def write(directory: Path, id_: str, *, label: str = "A", host: str = "", name: str = "") -> Path:
    file = directory / (name or f"{id_}.toml")
    file.write_text(FILE.format(id_, label, host or f"{id_}.test"))
    return file


def scan(live: LiveCatalog, times: int = 2) -> list[dict[str, object]]:
    """Scan several times, and return the log entries."""
    with capture_logs() as logs:
        for _ in range(times):
            live.scan()
    return [dict(entry) for entry in logs]


def label(catalog: Catalog, host: str) -> str | None:
    owner = catalog.owner(host)
    return owner.label if owner else None


def test_added_changed_removed(tmp_path: Path) -> None:
    """Everybody who holds the catalog sees each change, and the log reports it once."""
    live = LiveCatalog(tmp_path)
    held = live.catalog
    file = write(tmp_path, "mine")
    assert scan(live)[0].items() >= {"event": "providers.reloaded", "added": ["mine"], "removed": []}.items()
    assert label(held, "mine.test") == "A"
    write(tmp_path, "mine", label="B")
    assert scan(live)[0]["changed"] == ["mine"]
    assert label(held, "mine.test") == "B"
    file.unlink()
    assert scan(live)[0]["removed"] == ["mine"]
    assert label(held, "mine.test") is None
    assert scan(live, 3) == []


def test_last_reload(tmp_path: Path) -> None:
    """The catalog says what the last change was, and which files are refused until they are mended."""
    live = LiveCatalog(tmp_path)
    first = live.catalog.last_reload
    assert first is not None
    assert first.issues == []
    write(tmp_path, "mine")
    (tmp_path / "broken.toml").write_text(BROKEN)
    scan(live)
    reload = live.catalog.last_reload
    assert reload is not None
    assert (reload.diff.added, [Path(issue.file).name for issue in reload.issues]) == (["mine"], ["broken.toml"])
    assert reload.at >= first.at
    (tmp_path / "broken.toml").unlink()
    scan(live)
    assert live.catalog.last_reload is not None
    assert live.catalog.last_reload.issues == []
    assert LiveCatalog(None).catalog.last_reload is None


def test_directory_that_can_be_read_again(tmp_path: Path) -> None:
    """The last reload has the issue of a directory for as long as it cannot be read. Later scans change nothing."""
    directory = tmp_path / "providers"
    directory.mkdir()
    write(directory, "mine")
    live = LiveCatalog(directory)

    def refused() -> list[str]:
        reload = live.catalog.last_reload
        assert reload is not None
        return [issue.file for issue in reload.issues]

    for _ in range(2):
        directory.rename(tmp_path / "away")
        scan(live, 1)
        assert refused() == [str(directory)]
        (tmp_path / "away").rename(directory)
        scan(live, 1)
        assert refused() == []
    last = live.catalog.last_reload
    scan(live, 3)
    assert live.catalog.last_reload is last


def test_replacing_a_built_in_provider(tmp_path: Path) -> None:
    """A file with a built-in id replaces the built-in provider while it exists."""
    live = LiveCatalog(tmp_path)
    built_in = label(live.catalog, "bit.ly")
    file = write(tmp_path, "bitly", label="Mine", host="bit.ly")
    assert scan(live)[0]["changed"] == ["bitly"]
    assert label(live.catalog, "bit.ly") == "Mine"
    file.unlink()
    assert scan(live)[0]["changed"] == ["bitly"]
    assert label(live.catalog, "bit.ly") == built_in


def test_broken_then_fixed(tmp_path: Path) -> None:
    """The last good version stays, the log reports each broken version once, and a fixed file is applied."""
    file = write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    file.write_text(BROKEN)
    (entry,) = scan(live, 4)
    assert entry.items() >= {"event": "providers.file_refused", "log_level": "error", "file": str(file)}.items()
    assert label(live.catalog, "mine.test") == "A"
    file.write_text(BROKEN + "\n")
    assert len(scan(live, 4)) == 1
    write(tmp_path, "mine", label="B")
    assert [entry["event"] for entry in scan(live)] == ["providers.reloaded"]
    assert label(live.catalog, "mine.test") == "B"


def test_broken_at_the_start(tmp_path: Path) -> None:
    """A file that is broken at the start is left out. Its built-in provider and all other files are there."""
    write(tmp_path, "mine")
    (tmp_path / "bitly.toml").write_text(BROKEN)
    with capture_logs() as logs:
        live = LiveCatalog(tmp_path)
    assert [entry["event"] for entry in logs] == ["providers.file_refused"]
    assert label(live.catalog, "mine.test") == "A"
    assert label(live.catalog, "bit.ly") == "Bitly"


def test_no_directory_yet(tmp_path: Path) -> None:
    """A missing directory is reported once and read when it appears. If it goes away, its providers stay."""
    directory = tmp_path / "providers"
    with capture_logs() as logs:
        live = LiveCatalog(directory)
    assert [entry["event"] for entry in logs] == ["providers.file_refused"]
    assert scan(live) == []
    directory.mkdir()
    write(directory, "mine")
    assert scan(live)[0]["added"] == ["mine"]
    directory.rename(tmp_path / "away")
    (entry,) = scan(live, 3)
    assert "stay as they were" in str(entry["problem"])
    assert label(live.catalog, "mine.test") == "A"


def test_half_written(tmp_path: Path) -> None:
    """A file that changes between two scans is not applied, even if it is valid."""
    live = LiveCatalog(tmp_path)
    for size in range(1, 5):
        write(tmp_path, "mine", label="A" * size)
        assert scan(live, 1) == []
    assert scan(live, 1)[0]["added"] == ["mine"]
    assert label(live.catalog, "mine.test") == "AAAA"


def test_replaced_by_a_rename(tmp_path: Path) -> None:
    """A file that an editor replaces keeps its provider meanwhile. A new file of the same size and time is noticed."""
    file = write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    before = file.stat()
    file.rename(tmp_path / "mine.toml~")
    assert scan(live, 1) == []
    assert label(live.catalog, "mine.test") == "A"
    write(tmp_path, "mine", label="B", name="new").rename(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert scan(live)[0]["changed"] == ["mine"]
    assert label(live.catalog, "mine.test") == "B"


def test_swapped_directory_of_links(tmp_path: Path) -> None:
    """Container platforms mount files as links into a directory that is a link itself, and replace that link."""
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
    assert scan(live)[0]["changed"] == ["mine"]
    assert label(live.catalog, "mine.test") == "two"


def test_renamed(tmp_path: Path) -> None:
    """A renamed file keeps its provider, and does not clash with itself."""
    file = write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    file.rename(tmp_path / "other.toml")
    assert scan(live)[0]["changed"] == ["mine"]
    assert label(live.catalog, "mine.test") == "A"


def test_clash_that_is_resolved(tmp_path: Path) -> None:
    """A new file cannot take the host of another. Once the other is removed, the new file is applied unchanged."""
    first = write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    write(tmp_path, "another", label="B", host="mine.test")
    (entry,) = scan(live, 3)
    assert (entry["field"], label(live.catalog, "mine.test")) == ("hosts", "A")
    first.unlink()
    change = scan(live)[0]
    assert (change["added"], change["removed"]) == (["another"], ["mine"])
    assert label(live.catalog, "mine.test") == "B"


def test_host_that_moves_to_another_file(tmp_path: Path) -> None:
    """Two files saved together can exchange a host, in either order of reading."""
    write(tmp_path, "a")
    write(tmp_path, "b", host="moved.test")
    live = LiveCatalog(tmp_path)
    write(tmp_path, "a", label="B", host="moved.test")
    write(tmp_path, "b")
    assert [entry["event"] for entry in scan(live)] == ["providers.reloaded"]
    assert (label(live.catalog, "moved.test"), label(live.catalog, "b.test")) == ("B", "A")


def test_unforeseen_error_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an unforeseen error, the next scan applies all changes."""
    directory = ProviderDirectory(tmp_path)
    write(tmp_path, "a")
    write(tmp_path, "b")
    with monkeypatch.context() as broken:
        broken.setattr(directory.layer, "put", Mock(side_effect=MemoryError))
        with pytest.raises(MemoryError):
            directory.read()
    assert directory.scan().changed
    assert sorted(directory.layer.providers) == ["a", "b"]


def test_file_without_status(tmp_path: Path) -> None:
    """A file whose status cannot be read is reported and keeps its last good version."""
    file = write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    file.unlink()
    file.symlink_to(file)
    (entry,) = scan(live, 4)
    assert entry.items() >= {"event": "providers.file_refused", "file": str(file)}.items()
    assert label(live.catalog, "mine.test") == "A"


@pytest.mark.parametrize("name", ["discontinued.toml", "graveyard.toml"])
def test_discontinued(tmp_path: Path, name: str) -> None:
    """An operator may list closed services, in a file of the new or the old name."""
    live = LiveCatalog(tmp_path)
    (tmp_path / name).write_text(
        '[[dead]]\nhosts = ["mine.test"]\nlabel = "E"\nclosed = 2026-01-02\nreason = "Sold."\n'
    )
    assert scan(live)[0]["changed"] == ["discontinued"]
    assert live.catalog.find_discontinued("mine.test") is not None


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["directory", "pipe"])
def test_not_a_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A directory or pipe that is called .toml is reported, and nothing waits for it."""
    make(tmp_path / "mine.toml")
    directory = ProviderDirectory(tmp_path)
    assert "is not a file" in directory.read().issues[0].message


def test_snapshot(tmp_path: Path) -> None:
    """A reload does not change a snapshot."""
    write(tmp_path, "mine")
    live = LiveCatalog(tmp_path)
    snapshot = live.catalog.snapshot()
    write(tmp_path, "mine", label="B")
    scan(live)
    assert (label(snapshot, "mine.test"), label(live.catalog, "mine.test")) == ("A", "B")
