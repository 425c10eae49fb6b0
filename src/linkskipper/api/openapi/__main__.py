"""Write the OpenAPI document of a service at the default address to standard output (`make openapi`)."""

import sys

import msgspec

from linkskipper.api.openapi.document import openapi_document
from linkskipper.settings import Settings

fields = Settings.model_fields
document = openapi_document(f"http://{fields['host'].default}:{fields['port'].default}")
sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document)) + b"\n")
