"""The limits of what people may type or get: for the checks, and for the templates. Texts are counted in characters."""

import msgspec

from linkskipper.credits import MAX_NOTE_CHARACTERS, MAX_VOUCHERS
from linkskipper.dashboard.export import MAX_ROWS
from linkskipper.people import MAX_NAME_CHARACTERS


class Limits(msgspec.Struct, frozen=True):
    """The limit of each field. `hours` is that of the events that are sent again together."""

    action: int = 50
    export_rows: int = MAX_ROWS
    error_code: int = 40
    host: int = 300
    hours: int = 30 * 24
    name: int = MAX_NAME_CHARACTERS
    note: int = MAX_NOTE_CHARACTERS
    reference: int = 200
    search: int = 200
    url: int = 2048
    voucher: int = 64  # with spaces and hyphens anywhere
    vouchers: int = MAX_VOUCHERS


LIMITS = Limits()
