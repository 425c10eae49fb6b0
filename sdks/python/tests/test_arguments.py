"""Arguments and headers of wrong types and odd texts end in an error of this package."""

import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from linkskipper_sdk import (
    ConfigurationError,
    LinkSkipper,
    RetryPolicy,
    WebhookVerificationError,
    sign_webhook,
    verify_webhook,
)

SECRET = "whsec_8tWfKx0LqZc3vBn5RmYd7sJhGpE2uXiA"
BODY = '{"event":"resolve.done","job_id":"019bb7a4","status":"done"}'
HALF = "\udcff"  # what Python makes of a byte that is not UTF-8, for example in a header of aiohttp

WRONG_CALLS: dict[str, Callable[[LinkSkipper], Any]] = {
    "job id": lambda client: client.get_job(None),  # type: ignore[arg-type]
    "url": lambda client: client.provider_for(7),  # type: ignore[arg-type]
    "urls": lambda client: list(client.resolve_many(None)),  # type: ignore[arg-type]
    "urls as bytes": lambda client: list(client.resolve_many(b"https://x")),  # type: ignore[arg-type]
    "batch": lambda client: list(client.resolve_many(["https://x"], batch=5)),  # type: ignore[arg-type]
    "path": lambda client: client.request("GET", 7),  # type: ignore[arg-type]
    "half a character in the path": lambda client: client.request("GET", f"/{HALF}"),
    "method": lambda client: client.request(None, "/v1/account"),  # type: ignore[arg-type]
    "body": lambda client: client.request("POST", "/x", body={1, 2}),
    "body that is not a number": lambda client: client.request("POST", "/x", body=float("nan")),
    "header": lambda client: client.account(headers={1: "\r\n"}),  # type: ignore[dict-item]
    "retry": lambda client: client.account(retry={"max_attempts": 2}),  # type: ignore[arg-type]
    "policy": lambda _: RetryPolicy(max_attempts="3"),  # type: ignore[arg-type]
    "key": lambda _: LinkSkipper(7),  # type: ignore[arg-type]
    "key as bytes": lambda _: LinkSkipper(b"sk_live_x"),  # type: ignore[arg-type]
    "address": lambda _: LinkSkipper("sk_live_x", base_url=7),  # type: ignore[arg-type]
    "webhook secret": lambda _: LinkSkipper("sk_live_x", webhook_secret=7),  # type: ignore[arg-type]
    "application": lambda _: LinkSkipper("sk_live_x", app_info=7),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", WRONG_CALLS)
def test_wrong_argument(name: str) -> None:
    """A wrong argument is a ConfigurationError, and nothing is sent."""
    with (
        LinkSkipper("sk_live_x", http_client=httpx2.Client(transport=httpx2.MockTransport(refuse))) as client,
        pytest.raises(ConfigurationError),
    ):
        WRONG_CALLS[name](client)


@pytest.mark.parametrize("secrets", [7, b"whsec_x", [7], [None], [SECRET.encode()]])
def test_wrong_secrets(secrets: Any) -> None:
    """Secrets that are not text are refused, and not shown."""
    with pytest.raises(ConfigurationError) as caught:
        verify_webhook(BODY, sign_webhook(BODY, SECRET), secrets)
    assert "whsec" not in str(caught.value)


@pytest.mark.parametrize("headers", [7, b"t=1,v1=00", {1, 2}, [None], ["X-LinkSkipper-Signature"]])
def test_wrong_headers(headers: Any) -> None:
    """Headers that are neither a text, a mapping nor pairs are refused."""
    with pytest.raises(ConfigurationError, match="headers"):
        verify_webhook(BODY, headers, SECRET)


@pytest.mark.parametrize("options", [{"tolerance": "300"}, {"tolerance": None}, {"now": "1"}])
def test_wrong_times(options: Any) -> None:
    """A tolerance and a time are numbers."""
    with pytest.raises(ConfigurationError, match="number of seconds"):
        verify_webhook(BODY, sign_webhook(BODY, SECRET), SECRET, **options)


def test_headers_of_asgi() -> None:
    """The pairs of bytes of an ASGI scope are a header bag."""
    pairs = [(b"host", b"x"), (b"x-linkskipper-signature", sign_webhook(BODY, SECRET).encode())]
    assert verify_webhook(BODY, pairs, SECRET).status == "done"


@pytest.mark.parametrize("secret", [SECRET, HALF])
@pytest.mark.parametrize("standard", [False, True])
def test_half_characters(secret: str, *, standard: bool) -> None:
    """Header bytes that are not UTF-8 do not fit, and do not crash a receiver."""
    stamp = str(int(time.time()))
    headers: Any = (
        {"webhook-id": HALF, "webhook-timestamp": stamp, "webhook-signature": f"v1,{HALF}"}
        if standard
        else f"t={stamp},v1={HALF}"
    )
    with pytest.raises(WebhookVerificationError) as caught:
        verify_webhook(BODY, headers, secret)
    assert caught.value.code == "no_matching_signature"


def refuse(request: httpx2.Request) -> httpx2.Response:
    """Fail the test: a wrong call must not send anything."""
    raise AssertionError(request.url)
