"""The response headers of the OpenAPI document."""

from linkskipper.api.examples import EXAMPLE_JOB_ID
from linkskipper.api.limit_headers import DAY_SECONDS
from linkskipper.api.openapi.content import Json
from linkskipper.api.problems import MAX_RETRY_SECONDS
from linkskipper.api.rate_limits import WINDOW_SECONDS
from linkskipper.api.request import ACCEPTED_ID

RESPONSE_HEADERS = ("X-Request-Id",)
LIMITED_RESPONSE_HEADERS = ("RateLimit", "RateLimit-Policy")

HEADERS: dict[str, Json] = {
    "X-Request-Id": {
        "required": True,
        "description": "Identifies this request in the service's log. It is your own id if you sent a valid one.",
        "schema": {"type": "string", "pattern": f"^{ACCEPTED_ID.pattern.decode()}$"},
        "example": "3168f86c41386ed5b549859a1358ff10",
    },
    "RateLimit": {
        "description": "With a valid key, for each limit: `r` calls remain, and more are allowed in `t` seconds.",
        "schema": {"type": "string"},
        "example": '"minute";r=41;t=12, "daily";r=480;t=5400',
    },
    "RateLimit-Policy": {
        "description": "With a valid key: its limits of `q` calls in `w` seconds.",
        "schema": {"type": "string"},
        "example": f'"minute";q=60;w={WINDOW_SECONDS}, "daily";q=500;w={DAY_SECONDS}',
    },
    "Retry-After": {
        "required": True,
        "description": (
            "Seconds to wait before the next attempt. If the true time is longer than the maximum, `detail` and "
            "`RateLimit` show it."
        ),
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_RETRY_SECONDS},
        "example": 12,
    },
    "Location": {
        "required": True,
        "description": "The same as `poll_url`.",
        "schema": {"type": "string", "format": "uri-reference"},
        "example": f"/v1/jobs/{EXAMPLE_JOB_ID}",
    },
    "WWW-Authenticate": {
        "required": True,
        "description": "The authentication scheme.",
        "schema": {"const": "Bearer"},
        "example": "Bearer",
    },
    "Allow": {
        "required": True,
        "description": "The methods that the address supports.",
        "schema": {"type": "string"},
        "example": "GET, HEAD, OPTIONS",
    },
}


def header_references(*names: str) -> Json:
    """Return references to headers, by their names."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
