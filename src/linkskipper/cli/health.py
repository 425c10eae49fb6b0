"""linkskipper health"""

import asyncio
from http import HTTPStatus
from typing import Annotated

import typer

from linkskipper.cli.startup import start
from linkskipper.egress import Client, FetchLimits, Policy, allow_urls, parse_url
from linkskipper.errors import EgressError, OperatorError
from linkskipper.resolver import USER_AGENT
from linkskipper.settings import Settings

TIMEOUT_SECONDS = 5
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listening there is read, not done


def health(
    *,
    live: Annotated[bool, typer.Option("--live", help="Check only whether the process lives.")] = False,
) -> None:
    """Check whether the service that these settings start on this machine is ready. Exit with 1 if it is not.

    It asks the monitor port if LINKSKIPPER_MONITOR_PORT is set, and the API otherwise.
    """
    path = "/healthz" if live else "/readyz"
    typer.echo(asyncio.run(_ask(f"{_local_address(start())}{path}")))


def _local_address(settings: Settings) -> str:
    host, port = settings.host, settings.port
    if settings.monitor_port is not None:
        host, port = settings.monitor_host, settings.monitor_port
    host = WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _ask(address: str) -> str:
    """Return what the service answers.

    Raises:
        OperatorError: it does not answer, or with another status than 200.
    """
    url = parse_url(address)
    policy = Policy.parse(ports=(), allow=(), host_map=(), extra_ca=None)
    limits = FetchLimits(fetch_seconds=TIMEOUT_SECONDS)
    try:
        async with Client(await allow_urls(policy, [url]), user_agent=USER_AGENT, limits=limits) as client:
            response = await client.fetch(url)
    except EgressError as error:
        raise OperatorError(f"The service does not answer: {error}.") from None
    answer = response.text().strip()
    if response.status != HTTPStatus.OK:
        raise OperatorError(f"The service is not ready: {answer}.")
    return answer
