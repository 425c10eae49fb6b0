"""Character encodings by the names that pages give them (Encoding standard): latin1 means windows-1252 there."""

from typing import NamedTuple, Self

import webencodings


class Charset(NamedTuple):
    """An encoding: its name in the standard, and that of Python's codec."""

    name: str
    codec: str

    @classmethod
    def labelled(cls, label: str) -> Self | None:
        """Find an encoding by one of its labels. Leave out codecs that only Python knows, and dangerous ones."""
        found = webencodings.lookup(label)
        if found is None or found.name in _UNSUITABLE:
            return None
        return cls(_as_in_the_standard(found.name), found.codec_info.name)

    def for_output(self) -> "Charset":
        """Return the encoding to send forms in. Browsers do not send UTF-16."""
        return UTF8 if self.name.startswith("UTF-16") else self


def _as_in_the_standard(name: str) -> str:
    """Return the name of an encoding as the Encoding standard spells it, which forms are sent with."""
    capitals = name.startswith(("utf-", "iso-", "euc-", "koi8-", "ibm", "gbk"))
    return name.upper() if capitals else {"shift_jis": "Shift_JIS", "big5": "Big5"}.get(name, name)


_UNSUITABLE = frozenset({"replacement", "x-user-defined"})
UTF8 = Charset("UTF-8", "utf-8")
UTF16_LE = Charset("UTF-16LE", "utf-16-le")
UTF16_BE = Charset("UTF-16BE", "utf-16-be")
