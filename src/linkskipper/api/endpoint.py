"""A row of the route table. The router, the OpenAPI document and the reference page derive from it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec

from linkskipper.accounts import ApiKey
from linkskipper.api.request import Request
from linkskipper.api.responses import AnyResponse
from linkskipper.api.services import Services
from linkskipper.errors import ApiError

QueryT = TypeVar("QueryT", bound=msgspec.Struct)


class NoQuery(msgspec.Struct, frozen=True):
    """The query of an endpoint without query parameters."""


class Call(msgspec.Struct, Generic[QueryT], frozen=True, gc=False):
    """A request with a valid key that is within its limits and has the required scope."""

    key: ApiKey
    query: QueryT
    request: Request


Handler: TypeAlias = Callable[[Services, Call[QueryT]], Awaitable[AnyResponse]]


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The JSON body of a request, with examples by name."""

    type: type[msgspec.Struct]
    examples: Mapping[str, msgspec.Struct]


@dataclass(frozen=True, slots=True)
class Success:
    """A response that is not an error: when it is given, and examples by name. `headers` are its own ones."""

    status: int
    type: type[msgspec.Struct]
    description: str
    examples: Mapping[str, msgspec.Struct]
    headers: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[QueryT]):
    """A method of a path.

    `name` is the operationId of OpenAPI. `path_type`, `query_type` and `header_type` have a field with an example for
    each parameter. `errors` has an example of each error that the endpoint may give, besides those of every call.
    """

    method: Literal["GET", "POST"]
    path: str
    name: str
    summary: str
    description: str
    handler: Handler[QueryT]
    query_type: type[QueryT]
    successes: Sequence[Success]
    path_type: type[msgspec.Struct] | None = None
    header_type: type[msgspec.Struct] | None = None
    body: RequestBody | None = None
    errors: Sequence[ApiError] = ()
    required_scope: str | None = None


AnyEndpoint: TypeAlias = Endpoint[Any]
