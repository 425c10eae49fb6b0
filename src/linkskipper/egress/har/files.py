"""Read and write HAR files."""

from pathlib import Path

import msgspec

from linkskipper.egress.har.model import Har
from linkskipper.errors import HarError

_OWNER_ONLY = 0o600  # a recording contains the link's cookies


def read_har(file: Path) -> Har:
    """Read a HAR file.

    Raises:
        HarError: The file cannot be read or is not HAR.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Har)
    except OSError as error:
        raise HarError(f"{file} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HarError(f"{file} is not a HAR file: {error}") from None


def write_har(har: Har, file: Path) -> None:
    """Write a HAR file that only its owner can read.

    Raises:
        HarError: The file cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(har), indent=2)
    try:
        file.touch(_OWNER_ONLY)
        if file.is_file():
            file.chmod(_OWNER_ONLY)
        file.write_bytes(text + b"\n")
    except OSError as error:
        raise HarError(f"{file} cannot be written: {error.strerror}") from None
