"""Who may call what."""

from typing import TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from linkskipper.api.backend import Backend
from linkskipper.errors import ForbiddenScope
from linkskipper.keys import ApiKey

KeyRequest: TypeAlias = Request[None, ApiKey, State]


def key_guard(backend: Backend) -> Guard:
    """A guard that lets valid keys pass and hands the key on as ``request.auth``."""

    async def check_key(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        authorization = connection.headers.get("authorization")
        connection.scope["auth"] = await backend.authenticator.authenticate(authorization)

    return check_key


def scope_guard(scope: str) -> Guard:
    """A guard that lets keys with the scope pass."""

    def check_scope(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        if scope not in connection.auth.scopes:
            raise ForbiddenScope(f"This key lacks the scope {scope}: use or make one that has it.")

    return check_scope
