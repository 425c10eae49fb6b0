"""A cache of the built-in files as they were read and checked, so that commands start at once.

The cache is JSON in the user's cache folder. It holds values and names of the catalog's own types, so reading it runs
nothing. It is ignored if it is not this user's own file, is damaged, or belongs to other files or another program.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

import msgspec
import platformdirs

from linkskipper.catalog.fields import PATTERN_TYPE, Table, compile_pattern

MAX_BYTES = 16 * 1024**2
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH

Entry = TypeVar("Entry")


def read_through(
    package: Path, sources: Iterable[Path], read: Callable[[], Mapping[Path, Entry]]
) -> Mapping[Path, Entry]:
    """Return what `read` returns for these sources, from the cache of the package if it has that."""
    file = platformdirs.user_cache_path("linkskipper") / _name(package)
    if not file.is_absolute():  # nobody knows the home of this user
        return read()
    key = _key(sources)
    known = {type_.__name__: type_ for type_ in _types_below(Table)}
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, msgspec.MsgspecError):
        return {Path(path): _decode(value, known) for path, value in _load(file, key).items()}
    entries = read()
    with suppress(OSError, TypeError):
        _save(file, key, {str(path): _encode(entry) for path, entry in entries.items()})
    return entries


def _name(package: Path) -> str:
    """Return the name of the cache. Each installation has a cache of its own."""
    return f"providers-{blake2b(os.fsencode(package), digest_size=8).hexdigest()}.json"


def _key(sources: Iterable[Path]) -> str:
    """Return a hash of the sources, and of the program that reads them."""
    digest = blake2b(sys.version.encode(), digest_size=16)
    for source in sorted(sources):
        digest.update(b"%b\0" % os.fsencode(source))
        if source.suffix == ".py":
            status = source.stat()
            digest.update(b"%d %d\0" % (status.st_mtime_ns, status.st_size))
        else:
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _load(file: Path, key: str) -> dict[str, Any]:
    """Read the cache.

    Raises:
        OSError, ValueError: there is none, it is not this user's own, it is damaged, or it has another key.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & OTHERS_MAY_WRITE:
            raise ValueError("not this user's own file")
        head, _, body = stream.read(MAX_BYTES).partition(b"\n")
    if head.decode() != f"{key} {_checksum(body)}":
        raise ValueError("damaged, or of other files")
    content: dict[str, Any] = msgspec.json.decode(body)
    return content


def _save(file: Path, key: str, content: Mapping[str, Any]) -> None:
    """Write the cache in one step, so that no reader sees an incomplete file."""
    body = msgspec.json.encode(content)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, prefix=f"{file.name}.", delete=False) as draft:
        try:
            draft.write(f"{key} {_checksum(body)}\n".encode() + body)
            draft.flush()
            Path(draft.name).rename(file)
        except BaseException:
            Path(draft.name).unlink()
            raise


def _checksum(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def _types_below(base: type[Table]) -> Iterator[type[Table]]:
    for type_ in base.__subclasses__():
        yield type_
        yield from _types_below(type_)


def _encode(value: Any) -> Any:
    """Encode a value. Text, numbers, booleans and None stay unchanged. Any other value becomes a list with its type.

    Raises:
        TypeError: the type is unknown here.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Table():
            fields = {name: _encode(getattr(value, name)) for name in type(value).model_fields}
            return ["table", type(value).__name__, fields, sorted(value.model_fields_set)]
        case tuple() | list() | frozenset():
            return [type(value).__name__, *map(_encode, value)]
        case dict():
            return ["dict", *([_encode(key), _encode(item)] for key, item in value.items())]
        case date():
            return ["date", value.isoformat()]
        case _ if isinstance(value, PATTERN_TYPE):
            return ["pattern", value.pattern if isinstance(value.pattern, str) else value.pattern.decode()]
    raise TypeError(type(value).__name__)


def _decode(value: Any, known: Mapping[str, type[Table]]) -> Any:
    if not isinstance(value, list):
        return value
    match value:
        case ["table", name, fields, given]:
            return _table(known[name], {field: _decode(item, known) for field, item in fields.items()}, set(given))
        case ["dict", *pairs]:
            return {_decode(key, known): _decode(item, known) for key, item in pairs}
        case ["date", text]:
            return date.fromisoformat(text)
        case ["pattern", text]:
            return compile_pattern(text)
        case [kind, *items]:
            return _COLLECTIONS[kind](_decode(item, known) for item in items)
    raise ValueError("damaged")


def _table(type_: type[Table], fields: dict[str, Any], given: set[str]) -> Table:
    """Return a table with all its fields, as unpickling does. `model_construct` would take half of the time to load."""
    if fields.keys() != type_.model_fields.keys():
        raise ValueError("fields of another program")
    table = type_.__new__(type_)
    table.__setstate__(
        {
            "__dict__": fields,
            "__pydantic_fields_set__": given,
            "__pydantic_extra__": None,
            "__pydantic_private__": None,
        }
    )
    return table


_COLLECTIONS: dict[str, Callable[[Iterable[Any]], Any]] = {"tuple": tuple, "list": list, "frozenset": frozenset}
