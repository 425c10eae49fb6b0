"""Secrets never show: not in reprs, logs, errors or tracebacks with locals."""

import copy
import logging
import pickle
import traceback
from typing import Any

import httpx2
import pytest
from rich.console import Console
from rich.traceback import Traceback

from linkskipper_sdk import (
    ConfigurationError,
    LinkSkipper,
    LinkSkipperError,
    NetworkError,
    OutOfCreditsError,
    RetryPolicy,
    UnexpectedResponseError,
    WaitTimeout,
    WebhookVerificationError,
)
from support.server import raw_server

KEY = "sk_live_VerySecretKey0123456789"
ONCE = RetryPolicy(max_attempts=1)
SECRET = "whsec_VerySecretSecret01234567"


def client_of(handler: Any) -> LinkSkipper:
    """Return a client with secrets whose requests a function answers."""
    http = httpx2.Client(transport=httpx2.MockTransport(handler))
    return LinkSkipper(KEY, webhook_secret=SECRET, http_client=http, retry=ONCE)


def refuse(request: httpx2.Request) -> httpx2.Response:
    """Fail as a client does whose message holds the request's headers."""
    raise httpx2.ConnectError(f"cannot send {request.headers['authorization']}", request=request)


def test_no_repr_shows_a_secret() -> None:
    """The client and its parts hide their secrets."""
    client = client_of(refuse)
    for part in (client, client._config, client._options, client.with_options(timeout=1)):
        assert "VerySecret" not in repr(part)


def test_no_traceback_shows_a_secret() -> None:
    """A traceback with the locals of all frames, also those of the HTTP client, hides the key."""
    with (
        raw_server(lambda connection: connection.close()) as url,
        LinkSkipper(KEY, base_url=url, retry=ONCE) as client,
        pytest.raises(NetworkError) as failure,
    ):
        client.account()
    error = failure.value
    console = Console(width=300)
    with console.capture() as capture:
        console.print(Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True))
    assert "_transport" in capture.get()
    assert "locals" in capture.get()
    assert "VerySecret" not in capture.get()


def test_no_message_shows_a_secret() -> None:
    """The key is removed from the message of the HTTP client."""
    with pytest.raises(NetworkError, match=r"cannot send Bearer \[secret\]") as failure:
        client_of(refuse).account()
    assert "VerySecret" not in str(failure.value)


def test_a_wrong_option_does_not_show_a_secret() -> None:
    """A bad key or a bad option does not bring a secret into the traceback."""
    for options in (
        {"api_key": KEY + "\n\nx"},
        {"api_key": KEY, "webhook_secret": SECRET, "timeout": -1},
        {"api_key": KEY, "colour": 1},
    ):
        with pytest.raises(ConfigurationError) as failure:
            LinkSkipper(**options)
        _test, *frames = traceback.walk_tb(failure.value.__traceback__)
        assert "VerySecret" not in str(failure.value)
        assert "VerySecret" not in repr([frame.f_locals for frame, _ in frames])


def test_no_log_line_shows_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    """The log names the request and its result, and no secret."""
    with caplog.at_level(logging.DEBUG, "linkskipper_sdk"):
        client_of(lambda _: httpx2.Response(200, json={"balance": 5})).account()
        with pytest.raises(LinkSkipperError):
            client_of(refuse).account()
    lines = [record.getMessage() for record in caplog.records if record.name == "linkskipper_sdk"]
    assert lines[0].startswith("GET http://127.0.0.1:8000/v1/account, attempt 1")
    assert len(lines) == 2
    assert "VerySecret" not in "".join(lines)


def test_a_webhook_error_does_not_show_the_secret() -> None:
    """The hints name what is wrong with a secret without showing it."""
    with pytest.raises(WebhookVerificationError) as failure:
        client_of(refuse).verify_webhook(b"{}", "t=1,v1=00", f"{SECRET} ", now=1)
    assert "VerySecret" not in str(failure.value)


def test_clients_are_not_pickled() -> None:
    """A pickle would hold the key."""
    with pytest.raises(TypeError):
        pickle.dumps(client_of(refuse)._config)


def test_errors_are_pickled_and_copied() -> None:
    """Errors cross processes with all they know."""
    handler = lambda _: httpx2.Response(402, json={"code": "out_of_credits", "detail": "No.", "balance": 3})  # noqa: E731
    with pytest.raises(OutOfCreditsError) as failure:
        client_of(handler).account()
    for error in (failure.value, WaitTimeout("late", waited=1.5, last_error=UnexpectedResponseError("x", status=500))):
        for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  a pickle of its own
            assert type(twin) is type(error)
            assert str(twin) == str(error)
            assert {name: str(value) for name, value in vars(twin).items()} == {
                name: str(value) for name, value in vars(error).items()
            }
