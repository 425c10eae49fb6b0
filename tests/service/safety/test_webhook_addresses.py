"""The same table where a client gives a webhook address: refused with 400 before anything is queued."""

import pytest

from support.safety_table import (
    DISPUTED,
    FOREIGN,
    LITERALS,
    LOCAL_NAMES,
    LOOPBACK,
    NO_URLS,
    PUBLIC,
    SERVICE_PORTS,
    TRICKS,
    edges,
)
from support.service import Caller, Service, fresh_link

REFUSED = (
    *(f"https://{host}/hook" for host in (*LITERALS, *LOOPBACK, *LOCAL_NAMES, *DISPUTED)),
    *(f"https://{trick}" for trick in TRICKS),
    *(f"https://{host}:443/hook" for host in LOOPBACK),
    *(text.replace("http:", "https:") for text in NO_URLS if text.isprintable()),
    *(text for text, _ in FOREIGN),
    *(f"https://hooks.example.com:{port}/" for port in SERVICE_PORTS),
    *("http://hooks.example.com/", "https://u:p@hooks.example.com/", "//hooks.example.com/", "hooks.example.com"),
    *("https://hooks.example.com:8443/", f"https://hooks.example.com/{'x' * 2048}"),
)
ADDRESSES = dict([*edges(), *((address, True) for address in PUBLIC)])


NO_LINK = "https://example.com/"


def as_host(address: str) -> str:
    """An address as a URL's host."""
    return f"[{address}]" if ":" in address else address


@pytest.fixture(scope="module")
async def caller(service: Service) -> Caller:
    """A client of the service."""
    return await service.caller()


@pytest.mark.parametrize("url", REFUSED)
async def test_refused(caller: Caller, url: str) -> None:
    """The answer is 400 and says which field is wrong."""
    answer = await caller.resolve(fresh_link(), webhook_url=url)
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    assert "webhook_url" in answer.body["detail"]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_ranges_end_where_they_end(caller: Caller, address: str) -> None:
    """Addresses just outside the denied ranges are taken, those just inside are not.

    The link is none, which is found out next: so that nothing is ever sent to the former.
    """
    answer = await caller.resolve(NO_LINK, webhook_url=f"https://{as_host(address)}/hook")
    assert answer.status == (422 if ADDRESSES[address] else 400)
