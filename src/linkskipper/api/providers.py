"""GET /v1/providers."""

from typing import Annotated, Literal

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler

from linkskipper.api.backend import Backend
from linkskipper.api.fields import ProviderId, ProviderLabel, ProviderTier, ResolveCost, told
from linkskipper.catalog import Provider

Health = Literal["up", "degraded", "down"]

HEALTH: dict[str, Health] = {"active": "up", "degraded": "degraded", "captcha": "degraded", "dead": "down"}
"""What the status in a provider's file means to clients."""


class ProviderAnswer(msgspec.Struct, frozen=True):
    """A provider."""

    provider: ProviderId
    label: ProviderLabel
    hosts: Annotated[list[str], told("The hosts whose links are this provider's.")]
    tier: ProviderTier
    resolve_cost: ResolveCost
    latency: Annotated[str, told("How long a resolve takes, as a short text for people.")]
    status: Annotated[Health, told("`degraded`: some links fail; `down`: none are taken just now.")]


class ProvidersAnswer(msgspec.Struct, frozen=True):
    """The catalogue."""

    providers: list[ProviderAnswer]


def route(backend: Backend) -> HTTPRouteHandler:
    """The route handler."""

    @get("/providers", sync_to_thread=False)
    def providers() -> ProvidersAnswer:
        """The shorteners that are supported."""
        return ProvidersAnswer([_answer(provider) for provider in backend.catalog.providers])

    return providers


def _answer(provider: Provider) -> ProviderAnswer:
    return ProviderAnswer(
        provider=provider.id,
        label=provider.label,
        hosts=list(provider.hosts),
        tier=provider.tier,
        resolve_cost=provider.resolve_cost,
        latency=provider.latency,
        status=HEALTH[provider.status],
    )
