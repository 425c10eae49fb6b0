"""Wait for a job by long polls, under one deadline over everything."""

from typing import TypeVar

from linkskipper_sdk._core.answers import Answer
from linkskipper_sdk._core.config import MAX_LONG_POLL, Config, read_seconds
from linkskipper_sdk._core.effects import Flow, Request, Sleep
from linkskipper_sdk._core.exchange import Caller
from linkskipper_sdk._core.fields import Fields
from linkskipper_sdk._core.parse import parse_job, parse_link_of_job, parse_resolve
from linkskipper_sdk.errors import (
    ConfigurationError,
    JobFailedError,
    LinkSkipperError,
    RequestTimeoutError,
    ResolveFailedError,
    UnexpectedResponseError,
    WaitTimeout,
)
from linkskipper_sdk.models import Job, QueuedJob, ResolvedLink
from linkskipper_sdk.retry import RetryPolicy

E = TypeVar("E", bound=LinkSkipperError)

_NOTHING = 0.001  # seconds that are not worth a request
_HELD = 0.1  # seconds by which a held answer may come early
_GRACE = 0.1  # seconds after the deadline in which an answer that was held until then may still arrive
_POST_RESERVE = 1.0  # seconds kept for the answer to the POST: without its job id nothing can go on


class Wait:
    """A wait for one link: its deadline and the job that it knows.

    Implements ``exchange.Guard``.
    """

    def __init__(self, caller: Caller, max_wait: float | None, poll_interval: float | None) -> None:
        config: Config = caller.config
        self._caller = caller
        self._clock = caller.clock
        self._max_wait = read_seconds("max_wait", config.max_wait if max_wait is None else max_wait, exclusive=True)
        self._interval = read_seconds("poll_interval", config.poll_interval if poll_interval is None else poll_interval)
        self._long_poll = min(config.long_poll, MAX_LONG_POLL)
        self._began = self._clock.monotonic()
        self._deadline = self._began + self._max_wait
        self._hold = 0.0
        self._sent = self._began
        self.job_id: str | None = None

    def resolve(self, url: str, body: dict[str, str]) -> Flow[ResolvedLink]:
        """Post a link and wait for its job."""
        try:
            answer = yield from self._caller.exchange(lambda: self._post(body), guard=self)
        except ResolveFailedError as error:
            raise JobFailedError(f"The job failed: {error.message}") from error
        result = self._caller.reader.parse(answer, lambda fields: parse_resolve(fields, answer.meta, url))
        if not isinstance(result, QueuedJob):
            return result
        self.job_id = result.job_id
        if self._hold == 0:
            yield from self._sleep_rest()
        return (yield from self.poll(result.job_id, url))

    def poll(self, job_id: str, url: str | None) -> Flow[ResolvedLink]:
        """Ask for a job until it has ended."""
        self.job_id = job_id
        while True:
            answer = yield from self._caller.exchange(self._get, guard=self)
            result = self._parse(answer, job_id, url)
            if isinstance(result, ResolvedLink):
                return result
            if result.is_terminal:
                raise _job_failed(result)
            if self._hold == 0 or self._clock.monotonic() - self._sent < self._hold - _HELD:
                yield from self._sleep_rest()

    def _parse(self, answer: Answer, job_id: str, url: str | None) -> Job | ResolvedLink:
        def parse(fields: Fields) -> Job | ResolvedLink:
            job = parse_job(fields, answer.meta, job_id)
            return parse_link_of_job(fields, answer.meta, job_id, url) if job.status == "done" else job

        try:
            return self._caller.reader.parse(answer, parse)
        except UnexpectedResponseError as error:
            raise self._with_job(error) from None

    def max_attempts(self, policy: RetryPolicy) -> float:
        """Return how many attempts an exchange has: polls of a known job go on until the deadline."""
        return float("inf") if self.job_id and policy.max_attempts > 1 else policy.max_attempts

    def check(self, error: LinkSkipperError, delay: float | None) -> None:
        """Raise if the exchange must not be tried again after a delay."""
        remaining = self._remaining()
        if remaining <= _NOTHING and (delay is not None or isinstance(error, RequestTimeoutError)):
            raise self._timed_out(error)
        if delay is not None and delay < remaining:
            return
        if delay is not None and self.job_id:
            raise self._timed_out(error)
        raise self._with_job(error)

    def extend(self, seconds: float) -> None:
        """Move the deadline."""
        self._deadline += seconds

    def _post(self, body: dict[str, str]) -> tuple[Request, float]:
        remaining = self._start_attempt()
        self._hold = _whole(min(self._long_poll, remaining - min(_POST_RESERVE, remaining / 2)))
        return self._caller.request("POST", "/v1/resolve", None, body, wait=self._hold, limit=remaining + _GRACE)

    def _get(self) -> tuple[Request, float]:
        remaining = self._start_attempt()
        self._hold = _whole(min(self._long_poll, remaining))
        path = job_path(self.job_id or "")
        return self._caller.request("GET", path, {"include": "trace"}, wait=self._hold, limit=remaining + _GRACE)

    def _start_attempt(self) -> float:
        remaining = self._remaining()
        if remaining <= _NOTHING:
            raise self._timed_out(None)
        self._sent = self._clock.monotonic()
        return remaining

    def _sleep_rest(self) -> Flow[None]:
        """Sleep what is left of the poll interval since the last request, but not beyond the deadline."""
        rest = self._interval - (self._clock.monotonic() - self._sent)
        seconds = min(rest, self._remaining())
        if seconds > 0:
            yield Sleep(seconds)

    def _remaining(self) -> float:
        return self._deadline - self._clock.monotonic()

    def _timed_out(self, error: LinkSkipperError | None) -> WaitTimeout:
        waited = self._clock.monotonic() - self._began
        subject = f"Job {self.job_id}" if self.job_id else "The link"
        reason = f" The last exchange failed: {error.message}" if error else ""
        timeout = WaitTimeout(
            f"{subject} was not done within {self._max_wait:g} s (waited {waited:.1f} s).{reason}",
            waited=waited,
            last_error=error,
        )
        timeout.__cause__ = error
        return self._with_job(timeout)

    def _with_job(self, error: E) -> E:
        error.job_id = self.job_id
        return error


def job_path(job_id: str) -> str:
    """Return the path of a job. The id is one segment, whatever it holds."""
    return f"/v1/jobs/{quote_segment(job_id)}"


def quote_segment(text: str) -> str:
    """Return a text as one path segment.

    Raises:
        ConfigurationError: it is empty or not a text.
    """
    if not isinstance(text, str) or not text:
        raise ConfigurationError("An id must be text that is not empty.")
    if text.isascii() and text.replace("-", "").isalnum():
        return text
    from urllib.parse import quote  # noqa: PLC0415  the package imports quickly

    return quote(text, safe="", errors="replace").replace(".", "%2E" if text in {".", ".."} else ".")


def _job_failed(job: Job) -> JobFailedError:
    reason = job.error or ("unsupported_link" if job.status == "invalid" else "resolve_failed")
    stop = f" ({job.reason})" if job.reason else ""
    outcome = "is invalid" if job.status == "invalid" else "failed"
    return JobFailedError(f"Job {job.job_id} {outcome}: {reason}{stop}.", job=job, reason=reason)


def _whole(seconds: float) -> float:
    """Round down to milliseconds."""
    return max(0.0, int(seconds * 1000) / 1000)
