"""linkskipper listen: the events of a key, shown and forwarded to one's own machine."""

import asyncio
import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

import typer

from linkskipper import settings as settings_module
from linkskipper.cli import logs
from linkskipper.egress import BadUrl, Client, Unreachable, Url, allow_urls, parse_url
from linkskipper.errors import EgressError, ListenError
from linkskipper.resolver import USER_AGENT
from linkskipper.service import process
from linkskipper.service.resolving import egress_policy
from linkskipper.settings import Settings

SILENCE_SECONDS = 30  # the service is heard of three times as often
AGAIN_SECONDS = 2
EXCERPT_BYTES = 200


def listen(
    key: Annotated[str, typer.Option("--key", envvar="LINKSKIPPER_KEY", help="The API key whose events are wanted.")],
    forward_to: Annotated[
        str | None,
        typer.Option("--forward-to", help="Where to send them, on your own machine too. [default: only show them]"),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="The service. [default: LINKSKIPPER_PUBLIC_URL or its host and port]")
    ] = None,
) -> None:
    """Show the events of a key's jobs as they end, and forward them, signed as they would be for a receiver.

    Events come for every job of the key, whether it names a webhook_url or not, while the command runs. Whatever
    becomes of them here changes nothing for real deliveries.
    """
    settings = settings_module.load()
    logs.configure(settings)
    service = _read(url or settings.public_url or f"http://{settings.host}:{settings.port}", "--url")
    target = None if forward_to is None else _read(forward_to, "--forward-to")
    process.run(_listen(settings, service, target, key))


def _read(text: str, option: str) -> Url:
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
            listening = asyncio.create_task(_follow_for_ever(client, parse_url("/listen", service), target, key))
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait([listening, stopped], return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if listening.done():
                listening.result()
            listening.cancel()


async def _follow_for_ever(client: Client, source: Url, target: Url | None, key: str) -> None:
    while True:
        try:
            await _follow(client, source, target, key)
            typer.echo(f"The service has ended the connection; again in {AGAIN_SECONDS} s.", err=True)
        except EgressError as error:
            typer.echo(f"{error}; again in {AGAIN_SECONDS} s.", err=True)
        await asyncio.sleep(AGAIN_SECONDS)


async def _follow(client: Client, source: Url, target: Url | None, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    async with client.stream(source, headers=headers, silence=SILENCE_SECONDS) as (status, lines):
        if status == HTTPStatus.UNAUTHORIZED:
            raise ListenError("The service does not know this key: give a valid one with --key.")
        if status != HTTPStatus.OK:
            raise Unreachable(f"{source.origin} answered {status}")
        typer.echo(f"Listening at {source.origin} (Ctrl-C stops).", err=True)
        async for line in lines:
            if line.strip():
                await _show(client, target, json.loads(line))


async def _show(client: Client, target: Url | None, told: Any) -> None:
    event = json.loads(told["body"])
    shown = [f"{datetime.now(UTC):%H:%M:%S}", event["event"], event["job_id"]]
    if event["target_url"] or event["error"]:
        shown.append(event["target_url"] or event["error"])
    if target is not None:
        shown += ["->", await _forward(client, target, told)]
    typer.echo(" ".join(shown))


async def _forward(client: Client, target: Url, told: Any) -> str:
    try:
        body = told["body"].encode()
        answer = await client.post(target, headers=told["headers"], body=body, excerpt=EXCERPT_BYTES)
    except EgressError as error:
        return f"failed: {error}"
    return str(answer.status)
