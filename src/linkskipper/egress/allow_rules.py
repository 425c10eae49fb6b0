"""Open the guard for URLs that the person at the terminal names, such as their own machine."""

import asyncio
import socket
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_network

from linkskipper.egress.addresses import parse_address
from linkskipper.egress.errors import Unreachable
from linkskipper.egress.policy import AllowRule, HostMapping, Policy
from linkskipper.egress.urls import Url


async def allow_urls(policy: Policy, urls: Iterable[Url]) -> Policy:
    """Return the policy, opened for exactly the hosts and ports of these URLs. The system resolves the names.

    Raises:
        Unreachable: The system does not know a name.
    """
    for url in urls:
        if policy.mapping_for(url.host, url.port) is not None:
            continue
        if parse_address(url.host) is not None:
            policy = replace(policy, allow=(*policy.allow, AllowRule(ip_network(url.host), url.port)))
        else:
            mapping = HostMapping(url.host, url.port, await _resolve(url), url.port)
            policy = replace(policy, host_map=(*policy.host_map, mapping))
    return policy


async def _resolve(url: Url) -> str:
    loop = asyncio.get_running_loop()
    try:
        addresses = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"the system does not know {url.host}: {error.strerror}") from None
    # IPv4 first: a server on all addresses accepts it too, and one on 127.0.0.1 accepts nothing else.
    return str(min(addresses, key=lambda info: info[0] != socket.AF_INET)[4][0])
