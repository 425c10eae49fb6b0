"""Reach receivers: public addresses, and those that the operator opened for webhooks.

The operator's exemptions for links do not apply here: a stranger who names a webhook URL must not reach an internal
shortener, and must not read its answers through the log of deliveries (docs/explanation/egress-guard.md).
"""

from collections.abc import Mapping
from typing import NamedTuple

from linkskipper.egress import BadUrl, Client, Policy, Refused, Response, Url, check_public_https

EXCERPT_BYTES = 2048


class ExemptReceivers(NamedTuple):
    """The client for receivers that are not public, and its policy."""

    client: Client
    policy: Policy


class ReceiverResponse(NamedTuple):
    """A response, and whether the beginning of its body may be shown to the key's owner."""

    response: Response
    may_be_shown: bool


def receiver_problem(url: str) -> str | None:
    """Return why events cannot be sent to a URL, or None. An exempt receiver needs a public name too."""
    try:
        check_public_https(url)
    except (BadUrl, Refused) as error:
        return str(error)
    return None


class Receivers:
    """Send requests to public receivers through `public`, and to exempt receivers through a client of their own."""

    def __init__(self, public: Client, exempt: ExemptReceivers | None = None) -> None:
        self._public = public
        self._exempt = exempt

    async def post(self, url: Url, *, headers: Mapping[str, str], body: bytes) -> ReceiverResponse:
        """Send an event.

        Raises:
            EgressError: no response came.
        """
        exempt = self._exempt
        if exempt is not None and exempt.policy.mapping_for(url.host, url.port) is not None:
            return await self._post_exempt(exempt.client, url, headers, body)
        try:
            response = await self._public.post(url, headers=headers, body=body, excerpt=EXCERPT_BYTES)
        except Refused:  # before any connection
            if exempt is None:
                raise
            return await self._post_exempt(exempt.client, url, headers, body)
        return ReceiverResponse(response, may_be_shown=True)

    @staticmethod
    async def _post_exempt(client: Client, url: Url, headers: Mapping[str, str], body: bytes) -> ReceiverResponse:
        response = await client.post(url, headers=headers, body=body, excerpt=0)
        return ReceiverResponse(response, may_be_shown=False)
