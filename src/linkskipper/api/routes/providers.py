"""GET /v1/providers."""

from typing import Annotated

import msgspec
from litestar.handlers import HTTPRouteHandler

from linkskipper.api.auth import KeyRequest
from linkskipper.api.backend import Services
from linkskipper.api.fields import ProviderId, ProviderLabel, ProviderTier, ResolveCost, told
from linkskipper.api.reading import get
from linkskipper.catalog import Provider
from linkskipper.provider_health import NO_STATS, ProviderStatus, latency


class ProviderAnswer(msgspec.Struct, frozen=True):
    """A provider."""

    provider: ProviderId
    label: ProviderLabel
    hosts: Annotated[list[str], told("The hosts whose links are this provider's.")]
    tier: ProviderTier
    resolve_cost: ResolveCost
    latency: Annotated[str, told("How long a resolve takes, as a short text for people.")]
    status: Annotated[ProviderStatus, told("`degraded`: some links fail; `down`: none are taken just now.")]


class ProvidersAnswer(msgspec.Struct, frozen=True):
    """The catalogue."""

    providers: list[ProviderAnswer]


def route(backend: Services) -> HTTPRouteHandler:
    """The route handler."""

    @get("/providers")
    async def providers(request: KeyRequest) -> ProvidersAnswer:
        """The shorteners that are supported."""
        measured = await backend.measured.read()

        def answer(provider: Provider) -> ProviderAnswer:
            stats = measured.get(provider.id, NO_STATS)
            status = backend.gate.status(provider, stats, request.auth.account_id)
            return _answer(provider, latency(provider, stats), status)

        return ProvidersAnswer([answer(provider) for provider in backend.catalog.providers])

    return providers


def _answer(provider: Provider, latency: str, status: ProviderStatus) -> ProviderAnswer:
    return ProviderAnswer(
        provider=provider.id,
        label=provider.label,
        hosts=list(provider.hosts),
        tier=provider.tier,
        resolve_cost=provider.resolve_cost,
        latency=latency,
        status=status,
    )
