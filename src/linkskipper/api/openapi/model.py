"""What is said of an operation beyond what its types say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from linkskipper.api.body import ResolveRequest
from linkskipper.errors import ApiError


@dataclass(frozen=True, slots=True)
class Success:
    """An answer that is no error: its status, when it comes, and named examples, all of one type."""

    status: int
    description: str
    examples: Mapping[str, msgspec.Struct]
    headers: Sequence[str] = ()

    @property
    def shape(self) -> type[msgspec.Struct]:
        """The type of the answer."""
        return type(next(iter(self.examples.values())))


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path: parameters name entries of document.PARAMETERS; errors are examples, one for each code."""

    method: str
    path: str
    name: str
    summary: str
    description: str
    successes: Sequence[Success]
    errors: Sequence[ApiError]
    parameters: Sequence[str] = ()
    bodies: Mapping[str, ResolveRequest] | None = None
