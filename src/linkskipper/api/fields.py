"""The members that several answers share, and what each means; the description of the API is made from them."""

from collections.abc import Iterable
from typing import Annotated, get_args
from uuid import UUID

from msgspec import Meta

from linkskipper.catalog import PRICES, Tier


def told(description: str) -> Meta:
    """What a member means."""
    return Meta(description=description)


def one_of(values: Iterable[str], description: str) -> Meta:
    """What a member means that has one of some values; they are described, not checked."""
    return Meta(description=description, extra_json_schema={"enum": [str(value) for value in values]})


JobId = Annotated[UUID, told("The job.")]
TargetUrl = Annotated[str, told("Where the link really leads.")]
ProviderId = Annotated[str, told("The provider, as `GET /v1/providers` names it.")]
ProviderLabel = Annotated[str, told("The provider's name for people.")]
ProviderTier = Annotated[str, one_of(get_args(Tier), "`premium` links take a browser, longer, and cost more.")]
ResolveCost = Annotated[
    int,
    Meta(
        description="Credits that a resolve costs, charged once, when its job is done.",
        extra_json_schema={"enum": sorted(PRICES.values())},
    ),
]
CreditsCharged = Annotated[int, Meta(description="Credits that this job has cost; 0 unless it is done.", ge=0)]
Balance = Annotated[int, Meta(description="The account's credits, those held for jobs under way included.", ge=0)]
