"""Write the OpenAPI document of a service at the default address to stdout (``make openapi``)."""

import sys

import msgspec

from linkskipper.api.openapi.document import describe
from linkskipper.settings import Settings

fields = Settings.model_fields
document = describe(f"http://{fields['host'].default}:{fields['port'].default}")
sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document)) + b"\n")
