"""Every case about webhooks and about the field RateLimit."""

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from linkskipper_sdk import LinkSkipper, LinkSkipperError, sign_webhook, verify_webhook
from linkskipper_sdk._core.rate_limit import parse_rate_limit
from support.cases import Comparison, load
from support.neutral import plain, plain_error

WEBHOOKS = load("webhooks")["cases"]
RATE_LIMITS = load("ratelimit")["cases"]
ran: set[str] = set()


@pytest.mark.parametrize("case", WEBHOOKS, ids=[case["name"] for case in WEBHOOKS])
def test_webhook(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The function and the client verify and sign as the case says."""
    monkeypatch.delenv("LINKSKIPPER_WEBHOOK_SECRET", raising=False)
    if case["do"] == "sign":
        check_outcome(case, "header", lambda: sign_webhook(case["body"], case["secret"], case["now"]))
    else:
        check_verification(case, partial(verify_webhook, secrets=case["secrets"]))
        check_verification(
            case, lambda *a, **o: LinkSkipper("sk_live_x", webhook_secret=case["secrets"]).verify_webhook(*a, **o)
        )
    ran.add(f"webhooks: {case['name']}")


@pytest.mark.parametrize("case", RATE_LIMITS, ids=[case["name"] for case in RATE_LIMITS])
def test_rate_limit(case: dict[str, Any]) -> None:
    """The field is read as the case says."""
    value = case["value"]
    assert plain(parse_rate_limit(", ".join(value) if isinstance(value, list) else value)) == case["expect"]
    ran.add(f"ratelimit: {case['name']}")


def test_every_case_ran() -> None:
    """No case was left out."""
    assert len(ran) == len(WEBHOOKS) + len(RATE_LIMITS)


def check_verification(case: dict[str, Any], verify: Any) -> None:
    """Verify, and compare the event or the error."""
    body = base64.b64decode(case["body_base64"]) if "body_base64" in case else case["body"].encode()
    headers = case["headers"] if "headers" in case else case["header"]
    options = {"tolerance": case["tolerance"]} if "tolerance" in case else {}
    check_outcome(case, "event", lambda: plain(verify(body, headers, now=case["now"], **options)))


def check_outcome(case: dict[str, Any], member: str, call: Callable[[], Any]) -> None:
    """Compare what a call returns or raises."""
    outcome: dict[str, Any] = {}
    try:
        outcome[member] = call()
    except LinkSkipperError as error:
        outcome["error"] = plain_error(error)
    Comparison().check(case["expect"], outcome, "outcome")
