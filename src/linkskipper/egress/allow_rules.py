"""Holes for what the person at the terminal names: their own machine, which no stranger's link may reach."""

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
    """Return the policy with rules that allow the hosts and ports of these URLs. The system resolves their names.

    Raises:
        Unreachable: The system cannot resolve a name.
    """
    for url in urls:
        if policy.mapping_for(url.host, url.port) is not None:
            continue
        if parse_address(url.host) is not None:
            policy = replace(policy, allow=(*policy.allow, AllowRule(ip_network(url.host), url.port)))
        else:
            mapping = HostMapping(url.host, url.port, await _address(url), url.port)
            policy = replace(policy, host_map=(*policy.host_map, mapping))
    return policy


async def _address(url: Url) -> str:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"{url.host} is not known: {error.strerror}") from None
    # IPv4 first: what listens on all addresses hears it too, what listens on 127.0.0.1 hears nothing else.
    return str(min(found, key=lambda each: each[0] != socket.AF_INET)[4][0])
