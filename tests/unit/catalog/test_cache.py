"""The cache of the built-in files: it changes nothing but the time, and a bad cache does no harm."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from linkskipper.catalog import Catalog
from linkskipper.catalog.loading import cache as module
from linkskipper.catalog.loading import loader
from linkskipper.egress import parse_url


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of the cache, which does not exist yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "cache" / "linkskipper" / module._name(loader.BUILTIN.parents[1])


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that grows when provider files are read."""
    calls = list[object]()
    read_layer = loader.read_layer

    def counted(paths: object) -> object:
        calls.append(paths)
        return read_layer(paths)  # type: ignore[arg-type]

    monkeypatch.setattr(loader, "read_layer", counted)
    return calls


def same(one: Catalog, other: Catalog) -> bool:
    return (one.index.by_id, one.index.discontinued, list(one.index.hosts)) == (
        other.index.by_id, other.index.discontinued, list(other.index.hosts),
    )  # fmt: skip


def test_the_cache_changes_nothing(cache: Path, reads: list[object]) -> None:
    """The second catalog comes from the cache and equals the first, down to the types of its values."""
    first, second = Catalog.load(), Catalog.load()
    assert len(reads) == 1
    assert cache.exists()
    assert same(first, second)
    for before, after in zip(first.providers, second.providers, strict=True):
        assert repr(before) == repr(after)
        assert before.model_fields_set == after.model_fields_set
    google = second.match(parse_url("https://www.google.com/url?q=https://example.com/"))
    assert google is not None
    assert google.id == "google-url"


def test_only_the_owner_can_use_it(cache: Path) -> None:
    """Nobody else can read or change the cache."""
    Catalog.load()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.parent.stat().st_mode) == 0o700


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


def _other_content(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"example.com", b"example.org"))


def _of_other_files(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes((b"1" if content.startswith(b"0") else b"0") + content[1:])


def _writable(file: Path) -> None:
    file.chmod(0o666)


def _link(file: Path) -> None:
    file.rename(file.with_name("real"))
    file.symlink_to(file.with_name("real"))


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("damage", [_cut, _other_content, _of_other_files, _writable, _link, _pipe, _empty, _folder])
def test_what_is_not_ours_or_damaged_is_ignored(
    cache: Path, reads: list[object], damage: Callable[[Path], None]
) -> None:
    """The files are read again, and the catalog is right."""
    right = Catalog.load()
    damage(cache)
    assert same(Catalog.load(), right)
    assert len(reads) == 2


def test_a_value_of_another_type(cache: Path, reads: list[object]) -> None:
    """A cache with a right checksum that names anything but the catalog's own types is ignored."""
    right = Catalog.load()
    head, _, body = cache.read_bytes().partition(b"\n")
    body = body.replace(b'"Provider"', b'"os.system"')
    cache.write_bytes(head.split()[0] + b" " + module._checksum(body).encode() + b"\n" + body)
    assert same(Catalog.load(), right)
    assert len(reads) == 2


@pytest.mark.parametrize("blocked", ["cache", "home"])
def test_without_a_place_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocked: str) -> None:
    """A folder that cannot be made, as on a read-only system, causes no error."""
    (tmp_path / "file").write_text("")
    if blocked == "cache":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    else:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path / "file"))
    assert same(Catalog.load(), Catalog.load())
    assert (tmp_path / "file").read_text() == ""


@pytest.mark.usefixtures("cache")
def test_a_changed_file_is_noticed(reads: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A built-in file that changes is read again, even if its size and time stay the same."""
    package = tmp_path / "catalog"
    folder = package / "data" / "providers"
    folder.mkdir(parents=True)
    file = folder / "short.toml"
    file.write_text('id = "short"\nlabel = "A"\nhosts = ["short.test"]\ntier = "standard"\n')
    monkeypatch.setattr(loader, "BUILTIN", folder)
    assert [provider.label for provider in Catalog.load().providers] == ["A"]
    before = file.stat()
    file.write_text(file.read_text().replace('"A"', '"B"'))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [provider.label for provider in Catalog.load().providers] == ["B"]
    assert len(reads) == 2
