"""GET /v1/account."""

from typing import Annotated

import msgspec
from litestar.handlers import HTTPRouteHandler

from linkskipper.accounts import get_account
from linkskipper.api.auth import KeyRequest
from linkskipper.api.backend import Services
from linkskipper.api.fields import Balance, ProviderId, ProviderLabel, ProviderTier, told
from linkskipper.api.reading import get
from linkskipper.api.times import Time, iso_time

SubscriptionEnd = Annotated[
    Time, told("When the subscription ends, if there is one: ISO 8601, UTC, with milliseconds.")
]


class AccountProvider(msgspec.Struct, frozen=True):
    """A provider, in short."""

    provider: ProviderId
    label: ProviderLabel
    tier: ProviderTier


class AccountAnswer(msgspec.Struct, frozen=True):
    """The account that the key belongs to."""

    telegram_id: Annotated[int | None, told("The Telegram user that the account belongs to, if any.")]
    balance: Balance
    subscription_until: SubscriptionEnd | None
    providers: Annotated[list[AccountProvider], told("What the credits can be spent on.")]


def route(backend: Services) -> HTTPRouteHandler:
    """The route handler."""

    @get("/account")
    async def account(request: KeyRequest) -> AccountAnswer:
        """The balance and what it can be spent on."""
        found = await get_account(backend.pool, request.auth.account_id)
        return AccountAnswer(
            telegram_id=found.telegram_id,
            balance=found.balance,
            subscription_until=None if found.subscription_until is None else iso_time(found.subscription_until),
            providers=[AccountProvider(each.id, each.label, each.tier) for each in backend.catalog.providers],
        )

    return account
