"""The part that the sync and the async client share."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from linkskipper_sdk._core.calls import Calls
from linkskipper_sdk._core.options import configure

if TYPE_CHECKING:
    from linkskipper_sdk.models import WebhookEvent
    from linkskipper_sdk.webhooks import Headers


class BaseClient:
    """Holds the options, and verifies webhooks."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._config = configure(options)
        self._calls = Calls(self._config)

    def verify_webhook(
        self,
        body: bytes | str,
        headers: "Headers",
        secrets: Any = None,
        *,
        tolerance: float = 300,
        now: float | None = None,
    ) -> "WebhookEvent":
        """Verify a webhook with the client's ``webhook_secret``. See ``linkskipper_sdk.verify_webhook``.

        Raises:
            WebhookVerificationError: the webhook is not what it claims to be.
        """
        from linkskipper_sdk import webhooks  # noqa: PLC0415

        if secrets is not None:
            return webhooks.verify_webhook(body, headers, secrets, tolerance=tolerance, now=now)
        moment = self._config.clock.time() if now is None else now
        return webhooks.verify_with(body, headers, self._config.webhook_secrets, tolerance=tolerance, now=moment)

    def _merge(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return {**self._options, **options}

    def __repr__(self) -> str:
        base_url = self._config.base_url if hasattr(self, "_config") else None
        return f"{type(self).__name__}(base_url={base_url!r})"
