"""linkskipper listen"""

import asyncio
import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

import typer

from linkskipper.cli.output import note
from linkskipper.cli.running import running_services
from linkskipper.cli.startup import start
from linkskipper.egress import BadUrl, Client, Unreachable, Url, allow_urls, parse_url
from linkskipper.errors import EgressError, ListenError, SettingsError
from linkskipper.resolver import USER_AGENT
from linkskipper.service import process
from linkskipper.service.resolving import egress_policy
from linkskipper.settings import Settings

SILENCE_SECONDS = 30  # the service sends something three times as often
RETRY_SECONDS = 2
EXCERPT_BYTES = 200


def listen(
    key: Annotated[
        str,
        typer.Option(
            "--key",
            metavar="KEY",
            envvar=["LINKSKIPPER_API_KEY", "LINKSKIPPER_KEY"],  # the second is the name of version 0.2
            help="API key to show the events of.",
        ),
    ],
    forward_to: Annotated[
        str | None,
        typer.Option(
            "--forward-to",
            metavar="URL",
            help="Receiver to send the events to. It may be on this machine.",
            show_default="none",
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            metavar="URL",
            help="The service.",
            show_default="LINKSKIPPER_PUBLIC_URL, the running service's, or LINKSKIPPER_HOST and LINKSKIPPER_PORT",
        ),
    ] = None,
) -> None:
    """Show the events of a key's jobs, and forward them to a receiver.

    The command shows the events of all jobs of the key that end while it runs. Forwarded events have the signature of
    real ones. Real deliveries are not affected.
    """
    settings = start()
    service = _parse(url or _default_url(settings), "--url")
    target = None if forward_to is None else _parse(forward_to, "--forward-to")
    process.run(_listen(settings, service, target, key))


def _default_url(settings: Settings) -> str:
    """Return the URL of the only running service, unless settings name another."""
    if settings.public_url is not None:
        return settings.public_url
    services = [] if {"host", "port"} & settings.model_fields_set else running_services()
    if len(services) > 1:
        raise SettingsError(
            f"Several services run: {', '.join(service.url for service in services)}. Name one with --url."
        )
    return services[0].url if services else f"http://{settings.host}:{settings.port}"


def _parse(text: str, option: str) -> Url:
    try:
        return parse_url(text)
    except BadUrl as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


async def _listen(settings: Settings, service: Url, target: Url | None, key: str) -> None:
    with process.stop_requested() as stop:
        try:
            policy = await allow_urls(egress_policy(settings), [service, *([target] if target else [])])
        except Unreachable as error:
            raise ListenError(str(error)) from None
        async with Client(policy, user_agent=USER_AGENT) as client:
            following = asyncio.create_task(_run_follow(client, parse_url("/listen", service), target, key))
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait([following, stopped], return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if following.done():
                following.result()
            following.cancel()


async def _run_follow(client: Client, source: Url, target: Url | None, key: str) -> None:
    """Follow the events, and connect again after each interruption. Report the same interruption once."""
    reported = ""
    while True:
        try:
            await _follow(client, source, target, key)
            interruption = "The service closed the connection"
        except EgressError as error:
            interruption = str(error)
        if interruption != reported:
            note(f"{interruption}. Connecting again every {RETRY_SECONDS} s.")
        reported = interruption
        await asyncio.sleep(RETRY_SECONDS)


async def _follow(client: Client, source: Url, target: Url | None, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    async with client.stream(source, headers=headers, silence=SILENCE_SECONDS) as (status, lines):
        if status == HTTPStatus.UNAUTHORIZED:
            raise ListenError("The service does not know this key: give a valid one with --key.")
        if status != HTTPStatus.OK:
            raise Unreachable(f"{source.origin} answered {status}")
        note(f"Listening to {source.origin} (press Ctrl-C to stop).")
        async for line in lines:
            if line.strip():
                await _show(client, target, json.loads(line))


async def _show(client: Client, target: Url | None, signed: Any) -> None:
    event = json.loads(signed["body"])
    parts = [f"{datetime.now(UTC):%H:%M:%S}", event["event"], event["job_id"]]
    if event["target_url"] or event["error"]:
        parts.append(event["target_url"] or event["error"])
    if target is not None:
        parts += ["->", await _forward(client, target, signed)]
    typer.echo(" ".join(parts))


async def _forward(client: Client, target: Url, signed: Any) -> str:
    try:
        body = signed["body"].encode()
        response = await client.post(target, headers=signed["headers"], body=body, excerpt=EXCERPT_BYTES)
    except EgressError as error:
        return f"failed: {error}"
    return str(response.status)
