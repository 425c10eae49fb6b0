"""linkskipper webhooks …"""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from linkskipper.audit import AuditEntry, record
from linkskipper.cli.database import with_database
from linkskipper.cli.options import DataDirOption, JsonOption, command_group
from linkskipper.cli.output import print_json, print_table
from linkskipper.database import Pool
from linkskipper.errors import UnknownRecordError
from linkskipper.settings import Settings, read_duration
from linkskipper.webhooks import (
    REDELIVERY_PART,
    Attempt,
    Delivery,
    DeliveryStatus,
    RedeliveryPlace,
    list_deliveries,
    read_attempts,
    read_delivery,
    redeliver_part,
    redeliver_within,
    redelivery_since,
)

app = command_group(help="Inspect webhook deliveries and send them again.")

KeyOption = Annotated[
    int | None,
    typer.Option("--key", metavar="ID", help="Select only this key's.", show_default="all"),
]
DeliveryArgument = Annotated[UUID, typer.Argument(metavar="ID", help="Id of the delivery: its webhook-id header.")]


@app.command("list")
def list_(
    key: KeyOption = None,
    status: Annotated[
        DeliveryStatus | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Select pending, delivered or failed ones.",
            show_default="all",
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="NUMBER", min=1, help="Deliveries to show.")] = 50,
    data_dir: DataDirOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List deliveries, newest first."""

    async def work(_: Settings, pool: Pool) -> list[Delivery]:
        return await list_deliveries(pool, key_id=key, status=status, limit=limit)

    deliveries = with_database(data_dir, work)
    if as_json:
        print_json([_as_dict(delivery) for delivery in deliveries])
    else:
        columns = ("id", "key", "queued", "event", "state", "attempts", "next attempt", "url")
        print_table(columns, [_row(delivery) for delivery in deliveries])


@app.command()
def show(delivery_id: DeliveryArgument, data_dir: DataDirOption = None, *, as_json: JsonOption = False) -> None:
    """Show a delivery, its payload and all attempts."""

    async def work(_: Settings, pool: Pool) -> tuple[Delivery | None, list[Attempt]]:
        return await read_delivery(pool, delivery_id), await read_attempts(pool, delivery_id)

    delivery, attempts = with_database(data_dir, work)
    if delivery is None:
        raise _unknown(delivery_id)
    if as_json:
        print_json({**_as_dict(delivery), "payload": msgspec.Raw(delivery.body.encode()), "attempts": attempts})
        return
    for name, value in _details(delivery).items():
        typer.echo(f"{name:13} {value}")
    typer.echo()
    print_table(
        ("attempt", "began", "took", "status", "error", "response"),
        [_attempt_row(attempt) for attempt in attempts],
    )


@app.command("redeliver")
def redeliver_(
    delivery_id: Annotated[
        UUID | None, typer.Argument(metavar="ID", help="Id of the delivery.", show_default="none")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            show_default="none",
            help="Select all undelivered ones that were queued after a time (2026-06-05T12:00, in UTC unless it "
            "names a zone) or within a duration (2h, 3d).",
        ),
    ] = None,
    key: KeyOption = None,
    data_dir: DataDirOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Send one delivery again, or all undelivered ones since a time.

    The next attempt starts at once, even to a paused host. Then the schedule of attempts starts from its beginning.
    """
    if (delivery_id is None) == (since is None):
        raise typer.BadParameter("give the id of a delivery, or a time with --since", param_hint="ID")
    start_time = None if since is None else _parse_time(since)

    async def work(_: Settings, pool: Pool) -> int:
        if start_time is not None:
            return await _redeliver_since(pool, start_time, key)
        return int(delivery_id is not None and await _redeliver(pool, delivery_id, key))

    count = with_database(data_dir, work)
    if delivery_id is not None and not count:
        raise _unknown(delivery_id)
    if as_json:
        print_json({"deliveries": count})
    else:
        typer.echo(f"{count} {'delivery' if count == 1 else 'deliveries'} will be sent again.")


async def _redeliver(pool: Pool, delivery_id: UUID, key: int | None) -> bool:
    async with pool.acquire() as connection, connection.transaction():
        if not await redeliver_within(connection, delivery_id, key_id=key):
            return False
        await record(connection, AuditEntry(action="delivery.send-again", subject=f"delivery {delivery_id}"))
    return True


async def _redeliver_since(pool: Pool, moment: datetime, key: int | None) -> int:
    """Send the events since a moment again, part by part. The audit log has a line for each part."""
    total = 0
    place: RedeliveryPlace | None = redelivery_since(moment)
    while place is not None:
        async with pool.acquire() as connection, connection.transaction():
            part = await redeliver_part(connection, place, key_id=key, limit=REDELIVERY_PART)
            if part.deliveries:
                subject = f"{part.deliveries} events since {moment:%Y-%m-%d %H:%M:%S%z}"
                await record(connection, AuditEntry(action="delivery.send-again-since", subject=subject))
        total, place = total + part.deliveries, part.next
    return total


def _parse_time(text: str) -> datetime:
    try:
        return datetime.now(UTC) - read_duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text} is neither a time nor a duration such as 2h"
        raise typer.BadParameter(message, param_hint="--since") from None
    return time.replace(tzinfo=time.tzinfo or UTC)


def _unknown(delivery_id: UUID) -> UnknownRecordError:
    return UnknownRecordError(
        f"Delivery {delivery_id} does not exist. To see all deliveries, run: linkskipper webhooks list"
    )


def _as_dict(delivery: Delivery) -> dict[str, object]:
    members: dict[str, object] = msgspec.structs.asdict(delivery)
    del members["body"]
    return members


def _state(delivery: Delivery) -> str:
    if delivery.host_paused_at is None:
        return delivery.status
    return f"{delivery.status}, {delivery.host} PAUSED since {_format(delivery.host_paused_at)}"


def _row(delivery: Delivery) -> tuple[object, ...]:
    queued, upcoming = _format(delivery.created_at), _format(delivery.next_attempt_at)
    event, state = delivery.event, _state(delivery)
    return delivery.id, delivery.key_id, queued, event, state, delivery.attempts, upcoming, delivery.url


def _details(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "key": delivery.key_id,
        "job": delivery.job_id,
        "url": delivery.url,
        "state": _state(delivery),
        "queued": _format(delivery.created_at),
        "next attempt": _format(delivery.next_attempt_at) or "none",
        "ended": _format(delivery.ended_at) or "not yet",
        "payload": delivery.body,
    }


def _attempt_row(attempt: Attempt) -> tuple[object, ...]:
    took = timedelta(milliseconds=attempt.milliseconds).total_seconds()
    began = _format(attempt.started_at)
    return attempt.number, began, f"{took:.3f} s", attempt.status, attempt.error, repr(attempt.response or "")[1:-1]


def _format(time: datetime | None) -> str:
    return "" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"
