"""Find the endpoint of a request by path and method, and run it."""

import re
from collections.abc import Iterable, Mapping

from starlette.routing import compile_path

from linkskipper.api.auth import authorize
from linkskipper.api.endpoint import AnyEndpoint, Call
from linkskipper.api.problems import MethodNotAllowed
from linkskipper.api.request import Request
from linkskipper.api.responses import AnyResponse, ApiResponse, Responder, constant
from linkskipper.api.safe_headers import NO_CONTENT, NO_STORE
from linkskipper.api.services import Services
from linkskipper.api.validation import parse_query
from linkskipper.errors import NotFound

SLASHES = re.compile("/+")


class EndpointResponder:
    """Authorizes a request, reads its query and calls the handler of an endpoint."""

    def __init__(self, endpoint: AnyEndpoint, services: Services) -> None:
        self.endpoint = endpoint
        self._services = services

    async def __call__(self, request: Request) -> AnyResponse:
        """Respond to a request."""
        endpoint, services = self.endpoint, self._services
        key = await authorize(services, request, endpoint.required_scope)
        query = parse_query(request.scope["query_string"], endpoint.query_type)
        return await endpoint.handler(services, Call(key, query, request))


class RouteTable:
    """The endpoints, which need a key, and the public GET routes by path.

    HEAD is GET without the body (RFC 9110, section 9.3.2). OPTIONS lists the methods of a path.
    """

    def __init__(self, endpoints: Iterable[EndpointResponder], public: Mapping[str, Responder]) -> None:
        self.paths: dict[str, dict[str, Responder]] = {path: _with_head({"GET": page}) for path, page in public.items()}
        for responder in endpoints:
            methods = self.paths.setdefault(responder.endpoint.path, {})
            methods.update(_with_head({responder.endpoint.method: responder}))
        self._exact = {path: methods for path, methods in self.paths.items() if "{" not in path}
        self._templates = [(compile_path(path)[0], path) for path in self.paths if "{" in path]

    def find(self, request: Request) -> Responder:
        """Return what responds to a request, and set its route and path parameters.

        Raises:
            NotFound: no route has this path.
            MethodNotAllowed: the path does not support the method.
        """
        path, method = request.scope["path"], request.scope["method"]
        methods = self._match(path, request) or self._match_normalized(path, request)
        responder = methods.get(method)
        if responder is None:
            allowed = sorted({*methods, "OPTIONS"})
            if method != "OPTIONS":
                raise MethodNotAllowed(allowed)
            return constant(_options(allowed))
        return responder

    def _match(self, path: str, request: Request) -> Mapping[str, Responder] | None:
        if (methods := self._exact.get(path)) is not None:
            request.route = path
            return methods
        for pattern, template in self._templates:
            if match := pattern.fullmatch(path):
                request.route, request.path_parameters = template, match.groupdict()
                return self.paths[template]
        return None

    def _match_normalized(self, path: str, request: Request) -> Mapping[str, Responder]:
        """Match a path with repeated slashes or one at the end, which clients get from joining URLs."""
        methods = self._match(SLASHES.sub("/", path).rstrip("/") or "/", request)
        if methods is None:
            raise NotFound("This address does not exist. See the documentation at /docs.")
        return methods


def _options(allowed: list[str]) -> ApiResponse:
    return ApiResponse(204, ((b"allow", ", ".join(allowed).encode()), NO_STORE, NO_CONTENT), b"")


def _with_head(methods: Mapping[str, Responder]) -> dict[str, Responder]:
    return {**methods, "HEAD": methods["GET"]} if "GET" in methods else dict(methods)
