"""Route requests to endpoints by path and method."""

import re
from collections.abc import Iterable, Mapping

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from linkskipper.api.auth import authorize
from linkskipper.api.endpoint import AnyEndpoint, Call
from linkskipper.api.problems import MethodNotAllowed
from linkskipper.api.services import Services
from linkskipper.api.validation import parse_query
from linkskipper.errors import NotFound

SLASHES = re.compile("/+")


class EndpointApp:
    """An endpoint as an ASGI application: authorize, read the query, call the handler, send its response."""

    def __init__(self, endpoint: AnyEndpoint, services: Services) -> None:
        self._endpoint = endpoint
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        endpoint, services = self._endpoint, self._services
        key = await authorize(services, scope, endpoint.required_scope)
        query = parse_query(scope, endpoint.query_type)
        response = await endpoint.handler(services, Call(key, query, scope, receive))
        await response(scope, receive, send)


class MethodRouter:
    """The methods of one path. HEAD is GET without the body (RFC 9110, 9.3.2), and OPTIONS lists the methods."""

    def __init__(self, methods: Mapping[str, ASGIApp]) -> None:
        self.methods = dict(methods)
        if "GET" in methods:
            self.methods["HEAD"] = methods["GET"]
        self._allowed = sorted({*self.methods, "OPTIONS"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        app = self.methods.get(scope["method"])
        if app is not None:
            await app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            headers = [(b"allow", ", ".join(self._allowed).encode())]
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body"})
        else:
            raise MethodNotAllowed(self._allowed)


class ExactRoute(Route):
    """A route for exactly its path. The `$` in Starlette's pattern accepts a line feed at the end."""

    app: MethodRouter

    def __init__(self, path: str, methods: Mapping[str, ASGIApp]) -> None:
        super().__init__(path, MethodRouter(methods))
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")


def build_router(endpoints: Iterable[AnyEndpoint], public: Mapping[str, ASGIApp], services: Services) -> Router:
    """Build the router of the endpoints, which need a key, and the public GET routes by path."""
    paths: dict[str, dict[str, ASGIApp]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method] = EndpointApp(endpoint, services)
    for path, app in public.items():
        paths[path] = {"GET": app}
    routes = [ExactRoute(path, methods) for path, methods in paths.items()]
    return Router(routes, redirect_slashes=False, default=_NormalizedPaths(routes))


class _NormalizedPaths:
    """Serves paths with repeated slashes or one at the end, which clients get from joining URLs."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._router = Router(list(routes), redirect_slashes=False, default=_not_found)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["path"] = SLASHES.sub("/", scope["path"]).rstrip("/") or "/"
        await self._router(scope, receive, send)


async def _not_found(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NotFound("This address does not exist. See the documentation at /docs.")
