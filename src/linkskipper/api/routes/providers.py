"""GET /v1/providers."""

from typing import Annotated

import msgspec

from linkskipper.api.endpoint import Call, Endpoint, NoQuery, Success
from linkskipper.api.fields import ProviderId, ProviderLabel, ProviderTier, ResolveCost, describe
from linkskipper.api.responses import ApiResponse, json_response
from linkskipper.api.services import Services
from linkskipper.catalog import Provider
from linkskipper.provider_health import NO_STATS, ProviderStatus, latency


class ProviderResponse(msgspec.Struct, frozen=True):
    """A provider."""

    provider: ProviderId
    label: ProviderLabel
    hosts: Annotated[list[str], describe("The hosts of its links.")]
    tier: ProviderTier
    resolve_cost: ResolveCost
    latency: Annotated[str, describe("The duration of a resolve, as a short text for people.")]
    status: Annotated[ProviderStatus, describe("`degraded`: some links fail. `down`: no links are accepted.")]


class ProvidersResponse(msgspec.Struct, frozen=True):
    """The catalog."""

    providers: list[ProviderResponse]


async def list_providers(services: Services, call: Call[NoQuery]) -> ApiResponse:
    """Return the supported providers."""
    measured = await services.provider_stats.read()

    def response(provider: Provider) -> ProviderResponse:
        stats = measured.get(provider.id, NO_STATS)
        return ProviderResponse(
            provider=provider.id,
            label=provider.label,
            hosts=list(provider.hosts),
            tier=provider.tier,
            resolve_cost=provider.resolve_cost,
            latency=latency(provider, stats),
            status=services.admission.status(provider, stats, call.key.account_id),
        )

    return json_response(ProvidersResponse([response(provider) for provider in services.catalog.providers]))


LIST_PROVIDERS = Endpoint(
    method="GET",
    path="/v1/providers",
    name="listProviders",
    summary="List the providers",
    description="Every supported provider with its hosts, its price and its state.",
    query_type=NoQuery,
    handler=list_providers,
    successes=(
        Success(
            200,
            ProvidersResponse,
            "The providers.",
            {
                "providers": ProvidersResponse(
                    [ProviderResponse("tinyurl", "TinyURL", ["tinyurl.com"], "standard", 1, "1-2s", "up")]
                )
            },
        ),
    ),
)
