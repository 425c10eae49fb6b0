"""The limits of what people may type or get: for the checks, and for the templates. Texts are counted in characters."""

from types import SimpleNamespace

from linkskipper.credits import MAX_NOTE_CHARACTERS, MAX_VOUCHERS
from linkskipper.dashboard.export import MAX_ROWS
from linkskipper.people import MAX_NAME_CHARACTERS

MAX_SEARCH = 200
MAX_REFERENCE = 200
MAX_VOUCHER = 64  # with spaces and hyphens anywhere
MAX_ACTION = 50
MAX_ERROR_CODE = 40
MAX_HOST = 300
MAX_URL = 2048
MAX_HOURS = 30 * 24  # of the events that are sent again together

LIMITS = SimpleNamespace(
    action=MAX_ACTION,
    export_rows=MAX_ROWS,
    error_code=MAX_ERROR_CODE,
    host=MAX_HOST,
    hours=MAX_HOURS,
    name=MAX_NAME_CHARACTERS,
    note=MAX_NOTE_CHARACTERS,
    reference=MAX_REFERENCE,
    search=MAX_SEARCH,
    url=MAX_URL,
    voucher=MAX_VOUCHER,
    vouchers=MAX_VOUCHERS,
)
