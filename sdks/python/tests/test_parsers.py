"""Parsers of headers and bodies never fail with an error of another kind, whatever they are given."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from linkskipper_sdk import LinkSkipperError, sign_webhook, verify_webhook
from linkskipper_sdk._core.answers import AnswerReader
from linkskipper_sdk._core.effects import Response
from linkskipper_sdk._core.parse import find_provider, parse_account, parse_delivery_detail, parse_job, parse_resolve
from linkskipper_sdk._core.rate_limit import parse_rate_limit
from linkskipper_sdk._core.secret import Secret
from linkskipper_sdk.models import RateLimit
from linkskipper_sdk.retry import parse_retry_after

FIELD = st.text(st.sampled_from('";=,rt0123456789- minutedaily\\:\t?é'), max_size=200)
NAMES = st.sampled_from(
    "job_id status url target_url provider tier cached balance trace jobs delivery payload attempts next".split()  # noqa: SIM905
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["done", "queued"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=20,
)


@given(FIELD | st.text())
def test_rate_limit(value: str) -> None:
    """Any field value is a rate limit or none."""
    assert isinstance(parse_rate_limit(value), RateLimit)


@given(st.text() | st.from_regex(r"-?[0-9]{1,50}(\.[0-9]+)?") | st.datetimes().map(str))
def test_retry_after(value: str) -> None:
    """Any Retry-After is a number of seconds from 0, or ignored."""
    seconds = parse_retry_after(value, 0.0)
    assert seconds is None or seconds >= 0


@given(st.integers(100, 599), st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_answers(status: int, body: bytes) -> None:
    """Any answer is a result or an error of this package."""
    reader = AnswerReader(Secret("sk_live_x"))
    try:
        answer = reader.read(Response(status, {}, body), attempts=1, now=0.0)
        for parse in (
            lambda fields: parse_resolve(fields, answer.meta, "x"),
            lambda fields: parse_job(fields, answer.meta, "x"),
            lambda fields: parse_account(fields, answer.meta),
            lambda fields: parse_delivery_detail(fields, answer.meta),
        ):
            reader.parse(answer, parse)
    except LinkSkipperError as error:
        assert error.message


@given(st.text())
def test_provider_for(url: str) -> None:
    """Any text has a provider or none."""
    assert find_provider([], url) is None


HEADER = st.text(st.sampled_from("tv10=,abcdef 98é-.")) | st.text()


@given(
    st.binary() | st.text(), HEADER | st.dictionaries(st.text(), st.none() | st.integers() | HEADER | st.lists(HEADER))
)
def test_webhooks(body: bytes | str, headers: Any) -> None:
    """Any headers verify or raise an error of this package."""
    try:
        verify_webhook(body, headers, "whsec_x", now=0)
    except LinkSkipperError as error:
        assert error.message


@given(st.binary() | st.text())
def test_what_is_signed_verifies_up_to_its_payload(body: bytes | str) -> None:
    """A signature of this package fits: only the payload can be wrong."""
    try:
        verify_webhook(body, sign_webhook(body, "whsec_x", 5), "whsec_x", now=5)
    except LinkSkipperError as error:
        assert getattr(error, "code", None) == "invalid_payload"
