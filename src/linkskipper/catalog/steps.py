"""The steps that a provider file may list; one class each, run by the function of the same name in resolver."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from linkskipper.catalog.fields import JsonPath, Pattern, Selector, Table, Variable

Engine = Literal["http", "browser"]
Decoding = Literal["uri", "base64", "base64url", "hex", "reverse"]

MAX_WAIT = 60
"""The longest countdown, in seconds, that any file may have waited out."""

Seconds = Annotated[float, Field(gt=0, le=MAX_WAIT)]


class _Step(Table):
    optional: bool = False


class _Decoded(_Step):
    decode: tuple[Decoding, ...] = ()


class FromQuery(_Decoded):
    """Take the destination from a parameter of the query or, without `param`, from the whole of it."""

    use: Literal["from_query"]
    param: str | None = Field(default=None, min_length=1)


class FromPath(_Decoded):
    """Take the destination from a segment of the path: the first is 0, the last -1."""

    use: Literal["from_path"]
    segment: int


class FromFragment(_Decoded):
    """Take the destination from the fragment."""

    use: Literal["from_fragment"]


class Fetch(_Step):
    """Get the current URL; a redirect is not followed."""

    use: Literal["fetch"]


class Follow(_Step):
    """Get the current URL and go where it leads, for as long as that is on the provider's hosts."""

    use: Literal["follow"]


class Link(_Step):
    """Take a URL from an element's attribute."""

    use: Literal["link"]
    selector: Selector
    attr: str = Field(default="href", min_length=1)


class ScriptValue(_Step):
    """Take a URL from an inline script: from a variable, or from what a pattern's first group finds."""

    use: Literal["script_value"]
    name: Variable | None = None
    pattern: Pattern | None = None

    @model_validator(mode="after")
    def _name_or_pattern(self) -> Self:
        if (self.name is None) == (self.pattern is None):
            raise ValueError("give either name or pattern")
        if self.pattern is not None and not self.pattern.groups:
            raise ValueError("the pattern has no group; put what is the URL in parentheses")
        return self


class _Timed(Table):
    """A countdown of so many seconds, or of as many as a script's variable says; one over `max` is not waited out."""

    seconds: Seconds | None = None
    var: Variable | None = None
    max: Seconds | None = None

    @model_validator(mode="after")
    def _seconds_or_var(self) -> Self:
        if (self.seconds is None) == (self.var is None):
            raise ValueError("give either seconds or var")
        if self.max is not None and self.var is None:
            raise ValueError("max is a limit on what var says; leave it out beside seconds")
        return self


class Countdown(_Timed):
    """What a form's `wait` says: how long its page keeps the visitor before it may be sent."""


class Submit(_Step):
    """Send a form, as a click on its button would."""

    use: Literal["submit"]
    selector: Selector
    wait: Countdown | None = None


class Xhr(_Step):
    """Send a form as its page's own script does, and take the URL from the JSON answer."""

    use: Literal["xhr"]
    selector: Selector
    pick: JsonPath
    wait: Countdown | None = None


class Wait(_Timed, _Step):
    """Wait out the page's countdown."""

    use: Literal["wait"]


class Click(_Step):
    """Click an element once it is enabled and, with `wait_for`, once there is an element that this finds."""

    use: Literal["click"]
    selector: Selector
    wait_for: Selector | None = None


class WaitFor(_Step):
    """Wait until the page has an element, or until its URL fits a pattern."""

    use: Literal["wait_for"]
    selector: Selector | None = None
    url: Pattern | None = None

    @model_validator(mode="after")
    def _selector_or_url(self) -> Self:
        if (self.selector is None) == (self.url is None):
            raise ValueError("give either selector or url")
        return self


Step = Annotated[
    FromQuery | FromPath | FromFragment | Fetch | Follow | Link | ScriptValue | Submit | Xhr | Wait | Click | WaitFor,
    Field(discriminator="use"),
]

STEP_ENGINES: Mapping[str, Engine] = MappingProxyType(
    {"fetch": "http", "submit": "http", "xhr": "http", "click": "browser", "wait_for": "browser"}
)
"""The engine that a step needs; what is not listed works with both."""
