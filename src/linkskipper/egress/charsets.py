"""Character encodings by the labels of web pages (Encoding standard), where latin1 means windows-1252."""

from typing import NamedTuple, Self

import webencodings


class Charset(NamedTuple):
    """An encoding: its name in the standard, and the name of Python's codec."""

    name: str
    codec: str

    @classmethod
    def from_label(cls, label: str) -> Self | None:
        """Return the encoding with this label. Codecs that only Python knows and unsafe encodings have none."""
        encoding = webencodings.lookup(label)
        if encoding is None or encoding.name in _UNSUITABLE:
            return None
        return cls(_standard_name(encoding.name), encoding.codec_info.name)

    def for_output(self) -> "Charset":
        """Return the encoding to send forms in. Browsers never send UTF-16."""
        return UTF8 if self.name.startswith("UTF-16") else self


def _standard_name(label: str) -> str:
    """Return the name that the standard gives an encoding, which is what a `_charset_` field receives."""
    is_upper = label.startswith(("utf-", "iso-", "euc-", "koi8-", "ibm", "gbk"))
    return label.upper() if is_upper else {"shift_jis": "Shift_JIS", "big5": "Big5"}.get(label, label)


_UNSUITABLE = frozenset({"replacement", "x-user-defined"})
UTF8 = Charset("UTF-8", "utf-8")
UTF16_LE = Charset("UTF-16LE", "utf-16-le")
UTF16_BE = Charset("UTF-16BE", "utf-16-be")
