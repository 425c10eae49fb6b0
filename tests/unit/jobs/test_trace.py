"""Traces are stored within their limit, and say how many hops they lack."""

from hypothesis import given
from hypothesis import strategies as st

from linkskipper.jobs.trace import MAX_TRACE_BYTES, decode_trace, encode_trace
from linkskipper.resolver import Hop, Mechanism

URLS = st.builds("https://a.test/{}".format, st.text(max_size=20)) | st.integers(0, 20_000).map(lambda size: "x" * size)


def hop(url: str) -> Hop:
    return Hop(url, Mechanism.LOCATION_HEADER, 302, 1.5)


@given(st.lists(URLS.map(hop), max_size=30))
def test_a_trace_is_cut_at_its_end(hops: list[Hop]) -> None:
    """The first hops are kept up to the limit, the others are counted."""
    encoded, omitted = encode_trace(hops)
    assert len(encoded.encode()) <= MAX_TRACE_BYTES
    kept = decode_trace(encoded)
    assert kept == hops[: len(kept)]
    assert omitted == len(hops) - len(kept)
    if omitted:
        longer, _ = encode_trace(hops[: len(kept)])
        assert longer == encoded
        assert len(encoded.encode()) + 1 + len(encode_trace([hops[len(kept)]])[0]) > MAX_TRACE_BYTES


def test_both_sides_of_the_limit() -> None:
    """A trace of exactly the limit is whole, one byte more costs its last hop."""
    frame = len(encode_trace([hop("a"), hop("")])[0])
    whole = [hop("a"), hop("b" * (MAX_TRACE_BYTES - frame))]
    encoded, omitted = encode_trace(whole)
    assert (len(encoded), omitted) == (MAX_TRACE_BYTES, 0)
    encoded, omitted = encode_trace([whole[0], hop("b" * (MAX_TRACE_BYTES - frame + 1))])
    assert (decode_trace(encoded), omitted) == ([whole[0]], 1)
