"""linkskipper webhooks …"""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from linkskipper.cli.admin import print_json, print_table, with_database
from linkskipper.cli.options import AsJson, DataDir
from linkskipper.database import Pool
from linkskipper.errors import UnknownRecordError
from linkskipper.settings import Settings, read_duration
from linkskipper.webhooks import (
    Attempt,
    Delivery,
    DeliveryStatus,
    list_deliveries,
    read_attempts,
    read_delivery,
    redeliver,
    redeliver_since,
)

app = typer.Typer(
    help="What the ends of jobs were told to, and how it went.", add_completion=False, no_args_is_help=True
)

KeyId = Annotated[int | None, typer.Option("--key", help="Only this key's, by its id. [default: all]")]
DeliveryId = Annotated[UUID, typer.Argument(metavar="ID", help="The delivery's id, which is its webhook-id.")]


@app.command("list")
def list_(
    key: KeyId = None,
    status: Annotated[
        DeliveryStatus | None, typer.Option("--status", help="Only of this status. [default: all]")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 50,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List deliveries, the newest first."""

    async def work(_: Settings, pool: Pool) -> list[Delivery]:
        return await list_deliveries(pool, key_id=key, status=status, limit=limit)

    deliveries = with_database(data_dir, work)
    if as_json:
        print_json([_as_dict(each) for each in deliveries])
    else:
        columns = ("id", "key", "queued", "event", "state", "attempts", "next attempt", "url")
        print_table(columns, [_row(each) for each in deliveries])


@app.command()
def show(delivery: DeliveryId, data_dir: DataDir = None, *, as_json: AsJson = False) -> None:
    """Show a delivery, what it carries and every attempt."""

    async def work(_: Settings, pool: Pool) -> tuple[Delivery | None, list[Attempt]]:
        return await read_delivery(pool, delivery), await read_attempts(pool, delivery)

    found, attempts = with_database(data_dir, work)
    if found is None:
        raise _unknown(delivery)
    if as_json:
        print_json({**_as_dict(found), "payload": msgspec.Raw(found.body.encode()), "attempts": attempts})
        return
    for name, value in _details(found).items():
        typer.echo(f"{name:13} {value}")
    typer.echo()
    print_table(
        ("attempt", "began", "took", "status", "error", "response"),
        [_attempt_row(each) for each in attempts],
    )


@app.command("redeliver")
def redeliver_(
    delivery: Annotated[UUID | None, typer.Argument(metavar="[ID]", help="The delivery's id.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", help="All that are not delivered and were queued since then: 2h, 3d, 2026-06-05T12:00."
        ),
    ] = None,
    key: KeyId = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Send one delivery again, whatever became of it, or all since some time that are not delivered.

    The next attempt is made at once, even to a host that is paused, and the schedule of attempts begins anew.
    """
    if (delivery is None) == (since is None):
        raise typer.BadParameter("name a delivery, or a time with --since")
    moment = _moment(since) if since is not None else None

    async def work(_: Settings, pool: Pool) -> int:
        if moment is not None:
            return await redeliver_since(pool, moment, key_id=key)
        return int(delivery is not None and await redeliver(pool, delivery, key_id=key))

    count = with_database(data_dir, work)
    if delivery is not None and not count:
        raise _unknown(delivery)
    if as_json:
        print_json({"deliveries": count})
    else:
        typer.echo(f"{count} {'delivery' if count == 1 else 'deliveries'} will be sent again.")


def _moment(text: str) -> datetime:
    try:
        return datetime.now(UTC) - read_duration(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is neither a time nor a duration such as 2h", param_hint="--since") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _unknown(delivery: UUID) -> UnknownRecordError:
    return UnknownRecordError(f"There is no delivery {delivery}: see linkskipper webhooks list.")


def _as_dict(delivery: Delivery) -> dict[str, object]:
    shown: dict[str, object] = msgspec.structs.asdict(delivery)
    del shown["body"]
    return shown


def _state(delivery: Delivery) -> str:
    if delivery.host_paused_at is None:
        return delivery.status
    return f"{delivery.status}; {delivery.host} PAUSED since {_time(delivery.host_paused_at)}"


def _row(delivery: Delivery) -> tuple[object, ...]:
    queued, upcoming = _time(delivery.created_at), _time(delivery.next_attempt_at)
    event, state = delivery.event, _state(delivery)
    return delivery.id, delivery.key_id, queued, event, state, delivery.attempts, upcoming, delivery.url


def _details(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "key": delivery.key_id,
        "job": delivery.job_id,
        "url": delivery.url,
        "state": _state(delivery),
        "queued": _time(delivery.created_at),
        "next attempt": _time(delivery.next_attempt_at) or "none",
        "ended": _time(delivery.ended_at) or "not yet",
        "payload": delivery.body,
    }


def _attempt_row(attempt: Attempt) -> tuple[object, ...]:
    took = timedelta(milliseconds=attempt.milliseconds).total_seconds()
    began = _time(attempt.started_at)
    return attempt.number, began, f"{took:.3f} s", attempt.status, attempt.error, repr(attempt.response or "")[1:-1]


def _time(time: datetime | None) -> str:
    return "" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"
