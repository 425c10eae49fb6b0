"""The text that `serve` prints when it is ready: everything for a first link."""

import typer

from linkskipper.accounts import NewKey, create_account, create_key, list_accounts, load_keyring
from linkskipper.cli.login_link import login_link
from linkskipper.cli.output import command
from linkskipper.database import Pool
from linkskipper.lab import Lab
from linkskipper.people import any_user
from linkskipper.settings import Settings

EXAMPLE = "https://bit.ly/3Vd9Xyz"


async def greet(settings: Settings, pool: Pool, address: str, lab: Lab | None) -> None:
    """Print the addresses and a complete request. The first start also creates an account and prints its key."""
    key = await _create_first_key(settings, pool)
    public = settings.public_url or address
    link = None if await any_user(pool) else await login_link(pool, public.rstrip("/"))
    lines = [
        f"Link Skipper runs at {address}/ (press Ctrl-C to stop it).",
        f"The API reference is at {address}/docs.",
        "",
        *(_show_key(key) if key else _make_key()),
        "",
        *_dashboard(public, link),
        "",
        *_first_link(address, key.key if key else "$LINKSKIPPER_API_KEY", lab),
    ]
    typer.echo("\n".join(lines))


async def _create_first_key(settings: Settings, pool: Pool) -> NewKey | None:
    if await list_accounts(pool):
        return None
    account = await create_account(pool, "default", credits=settings.new_account_credits)
    return await create_key(pool, load_keyring(settings), account.id, name="default")


def _show_key(key: NewKey) -> list[str]:
    return [
        "Your API key and its webhook secret, shown only now:",
        "",
        f"  export LINKSKIPPER_API_KEY={key.key}",
        f"  export LINKSKIPPER_WEBHOOK_SECRET={key.webhook_secret}",
    ]


def _make_key() -> list[str]:
    return [
        "Use the key of the first start. In another terminal, you can create one more:",
        "",
        f"  {command()} keys create --account 1",
    ]


def _dashboard(address: str, link: str | None) -> list[str]:
    if link is None:
        return [f"The dashboard is at {address}/dashboard. For a link that signs you in: {command()} dashboard login"]
    return ["Open the dashboard with this link. It works once, in the next 24 hours:", "", f"  {link}"]


def _first_link(address: str, key: str, lab: Lab | None) -> list[str]:
    link = EXAMPLE if lab is None else next(link.url for link in lab.links if link.target is not None)
    lines = [
        "Resolve a link:",
        "",
        f"  curl -s {address}/v1/resolve -H 'Content-Type: application/json' \\",
        f'    -H "Authorization: Bearer {key}" -d \'{{"url": "{link}"}}\'',
        "",
        "The response holds the target, or a job to ask for at its poll_url. Add ?wait=10 to the URL to wait for the",
        "target for up to 10 seconds.",
    ]
    return lines if lab is None else [*lines, "", f"All links of the lab, and where they lead: {lab.url}"]
