"""Read the link of a shortcut: .url of Windows, .desktop of Linux, .webloc of macOS."""

import configparser
import plistlib
from xml.parsers.expat import ExpatError

SUFFIXES = frozenset({".url", ".desktop", ".webloc"})
MAX_BYTES = 1024 * 1024
_SECTIONS = ("InternetShortcut", "Desktop Entry")


def shortcut_link(data: bytes, encoding: str) -> str | None:
    """Return the link of a shortcut file, or None if it has none. Other URLs in it, such as those of icons, are not."""
    if data.startswith(b"bplist") or b"<plist" in data:
        return _link_of_plist(data)
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), allow_no_value=True)
    try:
        parser.read_string(data.decode(encoding, "replace"))
    except configparser.Error:
        return None
    return next((link for section in _SECTIONS if (link := parser.get(section, "URL", fallback=None))), None)


def _link_of_plist(data: bytes) -> str | None:
    try:
        content = plistlib.loads(data)
    except (plistlib.InvalidFileException, ExpatError, ValueError, OverflowError, RecursionError):
        return None
    link = content.get("URL") if isinstance(content, dict) else None
    return link if isinstance(link, str) else None
