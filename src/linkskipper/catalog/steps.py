"""The steps that a provider file may list: one class for each.

To add a step, write its class, list it in `Step`, and register the function that runs it in `resolver.steps.runner`.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from linkskipper.catalog.decoding import Decoding
from linkskipper.catalog.fields import JsonPath, Pattern, Selector, Table, Variable

Engine = Literal["http", "browser"]

MAX_WAIT = 60
"""The longest countdown that a file may ask to wait for, in seconds."""

ELEMENT_TEXT = "#text"
"""The `attr` that means the text of an element. No attribute has such a name."""

CountdownSeconds = Annotated[float, Field(gt=0, le=MAX_WAIT)]


class BaseStep(Table):
    """What all steps share. A step that finds nothing ends the link unless it is `optional`."""

    engine: ClassVar[Engine | None] = None
    """The only engine that runs the step. None: both do."""

    reads_url: ClassVar[bool] = False
    """Whether the step reads the link's URL alone, and so finds the same each time."""

    always_succeeds: ClassVar[bool] = False
    """Whether the step never finds nothing."""

    optional: bool = False


class EmbeddedUrlStep(BaseStep):
    """What the steps share that read the destination out of the link's URL.

    Attributes:
        path: The paths of the URLs that the step reads. A redirect to such a URL is not followed, but read.
        warning: Whether the URL is that of a page which warns of its destination or asks for consent.
        decode: How the URL encodes the destination.
    """

    reads_url: ClassVar[bool] = True

    path: Pattern | None = None
    warning: bool = False
    decode: tuple[Decoding, ...] = Field(default=(), max_length=10)


class FromQueryStep(EmbeddedUrlStep):
    """Take the destination from a query parameter. Without `param`, take the whole query."""

    use: Literal["from_query"]
    param: str | None = Field(default=None, min_length=1)


class FromPathStep(EmbeddedUrlStep):
    """Take the destination from a path segment. The first is 0, the last is -1.

    With `rest`, take all that follows too: the later segments and the query.
    """

    use: Literal["from_path"]
    segment: int
    rest: bool = False


class FromFragmentStep(EmbeddedUrlStep):
    """Take the destination from the fragment, or from a parameter in it."""

    use: Literal["from_fragment"]
    param: str | None = Field(default=None, min_length=1)


class FetchStep(BaseStep):
    """Get the current URL without following a redirect."""

    engine: ClassVar[Engine | None] = "http"
    always_succeeds: ClassVar[bool] = True

    use: Literal["fetch"]


class FollowStep(BaseStep):
    """Get the current URL and follow redirects while they stay on the provider's hosts."""

    always_succeeds: ClassVar[bool] = True

    use: Literal["follow"]


class LinkStep(BaseStep):
    """Take a URL from an attribute of an element, or from its text.

    `warning` says that the page warns of its destination or asks for consent.
    """

    use: Literal["link"]
    selector: Selector
    attr: str = Field(default="href", min_length=1)
    warning: bool = False


class ScriptValueStep(BaseStep):
    """Take a URL from an inline script: the value of a variable, or the first group of a pattern."""

    use: Literal["script_value"]
    name: Variable | None = None
    pattern: Pattern | None = None

    @model_validator(mode="after")
    def _name_or_pattern(self) -> Self:
        if (self.name is None) == (self.pattern is None):
            raise ValueError("give either name or pattern")
        if self.pattern is not None and not self.pattern.groups:
            raise ValueError("the pattern has no group. Put the URL's part in parentheses.")
        return self


class BaseCountdown(Table):
    """A countdown in seconds, given as a number or as a script's variable. One above `max` ends the link."""

    seconds: CountdownSeconds | None = None
    var: Variable | None = None
    max: CountdownSeconds | None = None

    @model_validator(mode="after")
    def _seconds_or_var(self) -> Self:
        if (self.seconds is None) == (self.var is None):
            raise ValueError("give either seconds or var")
        if self.max is not None and self.var is None:
            raise ValueError("max limits the value of var. It has no effect on seconds.")
        return self


class Countdown(BaseCountdown):
    """The `wait` of a form's step: how long the page keeps the visitor before the form may be sent."""


class SubmitStep(BaseStep):
    """Send a form as a click on its button does."""

    engine: ClassVar[Engine | None] = "http"

    use: Literal["submit"]
    selector: Selector
    wait: Countdown | None = None


class XhrStep(BaseStep):
    """Send a form as the page's own script does, and take the URL from the JSON response."""

    engine: ClassVar[Engine | None] = "http"

    use: Literal["xhr"]
    selector: Selector
    pick: JsonPath
    wait: Countdown | None = None


class WaitStep(BaseCountdown, BaseStep):
    """Wait for the page's countdown to end."""

    use: Literal["wait"]


class ClickStep(BaseStep):
    """Click an element once it is enabled and, with `wait_for`, once that selector finds an element.

    With `scroll`, scroll to the end of the page until the element is enabled.
    """

    engine: ClassVar[Engine | None] = "browser"

    use: Literal["click"]
    selector: Selector
    wait_for: Selector | None = None
    scroll: bool = False


class WaitForStep(BaseStep):
    """Wait until the page has an element, or until its URL matches a pattern."""

    engine: ClassVar[Engine | None] = "browser"

    use: Literal["wait_for"]
    selector: Selector | None = None
    url: Pattern | None = None

    @model_validator(mode="after")
    def _selector_or_url(self) -> Self:
        if (self.selector is None) == (self.url is None):
            raise ValueError("give either selector or url")
        return self


Step = Annotated[
    FromQueryStep
    | FromPathStep
    | FromFragmentStep
    | FetchStep
    | FollowStep
    | LinkStep
    | ScriptValueStep
    | SubmitStep
    | XhrStep
    | WaitStep
    | ClickStep
    | WaitForStep,
    Field(discriminator="use"),
]
