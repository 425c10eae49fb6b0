"""What serve prints when it is ready: all that is needed for a first link."""

import sys

import platformdirs
import typer

from linkskipper.accounts import NewKey, create_account, create_key, list_accounts, load_keyring
from linkskipper.database import Pool
from linkskipper.lab import Lab
from linkskipper.settings import Settings

EXAMPLE = "https://bit.ly/3Vd9Xyz"


async def greet(settings: Settings, pool: Pool, address: str, lab: Lab | None) -> None:
    """Print the address and a ready request; on the first start also the first account's key."""
    key = await _first_key(settings, pool)
    lines = [f"Link Skipper is at {address} (Ctrl-C stops it).", ""]
    if key is None:
        lines += ["Use the key of the first start, or make another:", "", *_make_key(settings)]
    else:
        lines += [
            "Your API key and its webhook secret, shown only now:",
            "",
            f"  export LINKSKIPPER_KEY={key.key}",
            f"  export LINKSKIPPER_WEBHOOK_SECRET={key.webhook_secret}",
        ]
    lines += ["", *_first_link(address, key.key if key else "$LINKSKIPPER_KEY", lab)]
    typer.echo("\n".join(lines))


async def _first_key(settings: Settings, pool: Pool) -> NewKey | None:
    if await list_accounts(pool):
        return None
    account = await create_account(pool, "default", credits=settings.new_account_credits)
    return await create_key(pool, load_keyring(settings), account.id, name="default")


def _make_key(settings: Settings) -> list[str]:
    default = settings.data_dir == platformdirs.user_data_path("linkskipper") or settings.database_url
    where = "" if default else f" --data-dir {settings.data_dir}"
    return [f"  {sys.argv[0]} keys create --account 1{where}"]


def _first_link(address: str, key: str, lab: Lab | None) -> list[str]:
    link = EXAMPLE if lab is None else next(each.url for each in lab.links if each.target is not None)
    lines = [
        "Resolve a link:",
        "",
        f"  curl -s {address}/v1/resolve -H 'Content-Type: application/json' \\",
        f'    -H "Authorization: Bearer {key}" -d \'{{"url": "{link}"}}\'',
        "",
        "It answers with the target, or with a job to ask for at its poll_url. To be answered when it is done,",
        "ask for /v1/resolve?wait=10 instead.",
    ]
    return lines if lab is None else [*lines, "", f"All links of the lab, and where they lead: {lab.url}"]
