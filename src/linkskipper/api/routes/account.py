"""GET /v1/account."""

from typing import Annotated

import msgspec

from linkskipper.accounts import get_account
from linkskipper.api.endpoint import Call, Endpoint, NoQuery, Success
from linkskipper.api.examples import EXAMPLE_TIME
from linkskipper.api.fields import Balance, ProviderId, ProviderLabel, ProviderTier, describe
from linkskipper.api.responses import ApiResponse, json_response
from linkskipper.api.services import Services
from linkskipper.api.times import Time, iso_time


class AccountProvider(msgspec.Struct, frozen=True):
    """A provider in short."""

    provider: ProviderId
    label: ProviderLabel
    tier: ProviderTier


class AccountResponse(msgspec.Struct, frozen=True):
    """The account of the key."""

    telegram_id: Annotated[int | None, describe("The Telegram user of the account, if there is one.")]
    balance: Balance
    subscription_until: Annotated[Time, describe("The end of the subscription, if there is one.")] | None
    providers: Annotated[list[AccountProvider], describe("The providers that the credits pay for.")]


async def read_account(services: Services, call: Call[NoQuery]) -> ApiResponse:
    """Return the balance and the providers that it pays for."""
    account = await get_account(services.pool, call.key.account_id)
    providers = services.catalog.providers
    return json_response(
        AccountResponse(
            telegram_id=account.telegram_id,
            balance=account.balance,
            subscription_until=None if account.subscription_until is None else iso_time(account.subscription_until),
            providers=[AccountProvider(provider.id, provider.label, provider.tier) for provider in providers],
        )
    )


_EXAMPLE_PROVIDERS = [AccountProvider("tinyurl", "TinyURL", "standard")]

READ_ACCOUNT = Endpoint(
    method="GET",
    path="/v1/account",
    name="readAccount",
    summary="Get the account",
    description="The balance of the key's account, and the providers that it pays for.",
    query_type=NoQuery,
    handler=read_account,
    successes=(
        Success(
            200,
            AccountResponse,
            "The account.",
            {
                "account": AccountResponse(77, 99, EXAMPLE_TIME, _EXAMPLE_PROVIDERS),
                "without_subscription": AccountResponse(None, 99, None, _EXAMPLE_PROVIDERS),
            },
        ),
    ),
)
