"""Names that people read: those of accounts, keys and users."""

import typer

from linkskipper.accounts import MAX_NAME_CHARACTERS


def check_name(name: str, hint: str) -> str:
    """Return a name without the spaces around it.

    Raises:
        typer.BadParameter: it is empty, too long or not printable. The message names the argument or option `hint`.
    """
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        raise typer.BadParameter(f"a name has 1 to {MAX_NAME_CHARACTERS} printable characters", param_hint=hint)
    return name
