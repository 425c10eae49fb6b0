"""The two clients are twins, the package imports quickly, and its parts agree on the version."""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

import linkskipper_sdk
from linkskipper_sdk import AsyncLinkSkipper, ConfigurationError, LinkSkipper, RetryPolicy, errors
from linkskipper_sdk.async_client import AsyncWebhooks
from linkskipper_sdk.client import Webhooks

PROJECT = Path(__file__).parents[1]
IMPORT_SECONDS = 0.12


def public(kind: type) -> dict[str, inspect.Signature]:
    """Return the public methods of a class and their signatures."""
    return {
        name: inspect.signature(method)
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


@pytest.mark.parametrize(("sync", "asynchronous"), [(LinkSkipper, AsyncLinkSkipper), (Webhooks, AsyncWebhooks)])
def test_both_clients_have_the_same_calls(sync: type, asynchronous: type) -> None:
    """Names, parameters and documentation are the same. Iterators are async iterators."""
    assert public(sync).keys() == public(asynchronous).keys()
    for name, signature in public(sync).items():
        twin = public(asynchronous)[name]
        if name != "with_options":
            assert signature.parameters == twin.parameters
            expected = str(signature.return_annotation).replace("abc.Iterator", "abc.AsyncIterator")
            assert expected == str(twin.return_annotation)
        assert getattr(sync, name).__doc__ == getattr(asynchronous, name).__doc__


def test_all_names_are_there() -> None:
    """Every name of __all__ exists, and every error class is among them."""
    assert all(hasattr(linkskipper_sdk, name) for name in linkskipper_sdk.__all__)
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert kinds <= set(linkskipper_sdk.__all__)
    assert sorted(linkskipper_sdk.__all__) == sorted(set(linkskipper_sdk.__all__))
    with pytest.raises(AttributeError):
        linkskipper_sdk.nonsense  # noqa: B018


def test_the_tree_in_the_documentation_is_complete() -> None:
    """The docstring of the errors draws every class under its parent's depth."""
    drawn = set(re.findall(r"(\w+(?:Error|Timeout)) ", errors.__doc__ or ""))
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert kinds <= drawn | {"LinkSkipperError"}


def test_the_import_is_quick() -> None:
    """Importing the package and making a client loads no HTTP client, and takes at most 0.12 s of processor time."""
    script = (
        "import sys, time; before = time.process_time(); import linkskipper_sdk;"
        "linkskipper_sdk.LinkSkipper('sk_live_x'); took = time.process_time() - before;"
        "import json; print(json.dumps([took, [m for m in ('httpx2', 'asyncio', 'ssl') if m in sys.modules]]))"
    )
    runs = [json.loads(subprocess.check_output([sys.executable, "-c", script])) for _ in range(5)]
    assert min(took for took, _ in runs) <= IMPORT_SECONDS
    assert runs[0][1] == []


def test_webhooks_work_without_the_http_client() -> None:
    """The module for webhooks does not load httpx2."""
    script = "import sys; from linkskipper_sdk.webhooks import verify_webhook; sys.exit('httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_one_version_for_all_sdks() -> None:
    """The version is that of sdks/VERSION, and the CHANGELOG has a section for it."""
    version = (PROJECT.parent / "VERSION").read_text().strip()
    assert linkskipper_sdk.__version__ == version
    assert f"## [{version}]" in (PROJECT / "CHANGELOG.md").read_text()


def test_options_of_a_clone() -> None:
    """A clone has its own options, keeps the others, shares the connections and does not close them."""
    http = httpx2.Client(
        transport=httpx2.MockTransport(lambda request: httpx2.Response(200, json=dict(request.headers)))
    )
    with LinkSkipper("sk_live_x", http_client=http, headers={"x-one": "1"}) as client:
        clone = client.with_options(headers={"x-two": "2"})
        clone.close()
        assert clone.request("GET", "/v1/x").json["x-two"] == "2"
        assert clone.request("GET", "/v1/x").json["authorization"] == "Bearer sk_live_x"
        assert "x-one" not in clone.request("GET", "/v1/x").json
        assert client.request("GET", "/v1/x").json["x-one"] == "1"
    assert not http.is_closed, "a client that was handed in stays open"
    http.close()


def test_unknown_options_are_refused() -> None:
    """A misspelt option of the client or of a call is an error of this package."""
    with pytest.raises(ConfigurationError, match="timeot"):
        LinkSkipper("sk_live_x", timeot=3)  # type: ignore[call-arg]
    with pytest.raises(ConfigurationError, match="timeot"):
        LinkSkipper("sk_live_x").account(timeot=3)  # type: ignore[call-arg]
    with pytest.raises(ConfigurationError, match="RetryPolicy"):
        LinkSkipper("sk_live_x", retry=3)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="max_delay"):
        RetryPolicy(max_delay=-1)


def test_one_text_instead_of_links_is_refused() -> None:
    """A text is iterable, and would be resolved letter by letter."""
    with pytest.raises(ConfigurationError, match="list"):
        LinkSkipper("sk_live_x").resolve_many("https://tinyurl.com/x")
