"""Turn HTTP answers into JSON objects and errors."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from linkskipper_sdk._core.effects import Response
from linkskipper_sdk._core.fields import FieldError, Fields
from linkskipper_sdk._core.rate_limit import parse_rate_limit
from linkskipper_sdk._core.secret import Secret
from linkskipper_sdk.errors import ERRORS_BY_CODE, ApiError, OutOfCreditsError, UnexpectedResponseError
from linkskipper_sdk.models import Meta
from linkskipper_sdk.retry import parse_retry_after

T = TypeVar("T")

_SHOWN_CHARACTERS = 500
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_SUCCESS, _REDIRECTS, _ERRORS = 200, 300, 400


class Answer(NamedTuple):
    """A successful answer: the HTTP response, its meta data, and its decoded body."""

    response: Response
    meta: Meta
    json: Any


class AnswerReader:
    """Reads the answers to one client's requests."""

    def __init__(self, api_key: Secret) -> None:
        self._api_key = api_key

    def read(self, response: Response, *, attempts: int, now: float) -> Answer:
        """Return a successful answer.

        Raises:
            ApiError: for every other answer. A 2xx without JSON is not an error here.
        """
        meta = _meta(response, attempts)
        value = _decode(response.body)
        if _SUCCESS <= response.status < _REDIRECTS:
            return Answer(response, meta, value)
        raise self._error(response, meta, value if isinstance(value, dict) else {}, now)

    def parse(self, answer: Answer, parser: Callable[[Fields], T]) -> T:
        """Turn the JSON object of an answer into a result.

        Raises:
            UnexpectedResponseError: the body is not a JSON object, or the parser misses something in it.
        """
        if not isinstance(answer.json, dict):
            raise self._unexpected(answer, "it is not a JSON object")
        try:
            return parser(Fields(answer.json))
        except FieldError as error:
            raise self._unexpected(answer, str(error)) from None

    def _unexpected(self, answer: Answer, problem: str) -> UnexpectedResponseError:
        """Return the error for an answer that succeeded and still cannot be used."""
        body = _text(answer.response.body)
        message = f"{answer.meta.status} with an unexpected body: {problem}: {_shorten(body)}"
        return UnexpectedResponseError(
            self._clean(message, answer.meta), status=answer.meta.status, body=body, meta=answer.meta
        )

    def _error(self, response: Response, meta: Meta, problem: Mapping[str, Any], now: float) -> ApiError:
        code = _text_or_none(problem.get("code"))
        detail = _text_or_none(problem.get("detail"))
        title = _text_or_none(problem.get("title"))
        kind = ERRORS_BY_CODE.get(code or "", UnexpectedResponseError)
        body = _text(response.body)
        if kind is UnexpectedResponseError:
            message = _describe_unexpected(response, code, detail or title, body)
        else:
            message = f"{response.status} {code}: {detail or title or 'no detail'}"
        error = kind(
            self._clean(message, meta),
            status=response.status,
            code=code,
            title=title,
            detail=detail,
            type_=_text_or_none(problem.get("type")),
            retry_after=parse_retry_after(response.headers.get("retry-after"), now),
            body=body,
            meta=meta,
        )
        if isinstance(error, OutOfCreditsError):
            balance = problem.get("balance")
            error.balance = balance if type(balance) is int else None
        return error

    def _clean(self, message: str, meta: Meta) -> str:
        if meta.request_id:
            message += f" (request {meta.request_id})"
        return _CONTROL_CHARACTERS.sub(" ", self._api_key.hide_in(message))


def _describe_unexpected(response: Response, code: str | None, detail: str | None, body: str) -> str:
    if _REDIRECTS <= response.status < _ERRORS:
        location = response.headers.get("location")
        target = f" to {location[:_SHOWN_CHARACTERS]}" if location else ""
        hint = "Set base_url to the service's own address"
        return f"{response.status} redirects{target}, and redirects are not followed. {hint}"
    said = f"{code}: {detail or 'no detail'}" if code else detail or _shorten(body) or "the body is empty"
    return f"{response.status} that is not an answer of the API: {said}"


def _meta(response: Response, attempts: int) -> Meta:
    headers = response.headers
    return Meta(
        status=response.status,
        request_id=headers.get("x-request-id"),
        rate_limit=parse_rate_limit(headers.get("ratelimit")),
        headers=headers,
        attempts=attempts,
    )


def _decode(body: bytes) -> Any:
    """Return the decoded body, or None where it is not JSON."""
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _shorten(text: str) -> str:
    return text[:_SHOWN_CHARACTERS].strip()
