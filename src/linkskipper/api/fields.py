"""The members that several requests and responses share, with the descriptions that the OpenAPI document shows."""

from collections.abc import Iterable
from typing import Annotated, get_args
from uuid import UUID

import msgspec
from msgspec import Meta

from linkskipper.catalog import PRICES, Tier

UUID_PATTERN = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
UUID_LENGTH = 36


def describe(description: str, *, example: object = None) -> Meta:
    """Describe a member or a parameter. Parameters have an example."""
    return Meta(description=description, examples=None if example is None else [example])


def one_of(values: Iterable[str], description: str) -> Meta:
    """Describe a member of a response that has one of some values."""
    return Meta(description=description, extra_json_schema={"enum": [str(value) for value in values]})


def parse_uuid(text: str) -> UUID | None:
    """Read a UUID in its canonical form (RFC 9562). Return None for any other text."""
    if len(text) != UUID_LENGTH:
        return None
    try:
        return msgspec.convert(text, UUID)
    except msgspec.ValidationError:
        return None


# The length refuses a line feed at the end, which the pattern's $ accepts.
UuidText = Annotated[
    str,
    Meta(
        pattern=UUID_PATTERN,
        min_length=UUID_LENGTH,
        max_length=UUID_LENGTH,
        extra_json_schema={"format": "uuid"},
    ),
]
JobId = Annotated[UUID, describe("The job.")]
TargetUrl = Annotated[str, describe("The URL that the link leads to.")]
ProviderId = Annotated[str, describe("The provider, as in `GET /v1/providers`.")]
ProviderLabel = Annotated[str, describe("The name of the provider.")]
ProviderTier = Annotated[str, one_of(get_args(Tier), "`premium` links need a browser. They take longer and cost more.")]
ResolveCost = Annotated[
    int,
    Meta(
        description="The price of a resolve in credits. It is charged once, when the job is done.",
        extra_json_schema={"enum": sorted(PRICES.values())},
    ),
]
CreditsCharged = Annotated[int, Meta(description="The credits charged for the job. 0 unless it is done.", ge=0)]
Balance = Annotated[int, Meta(description="The credits of the account, including those reserved for open jobs.", ge=0)]
