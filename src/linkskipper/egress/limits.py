"""Limits of one fetch."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How long one fetch may take, in seconds, and how much it may receive, in bytes.

    `raw_bytes` limits the body as sent, `body_bytes` the decoded body, `header_bytes` all header fields together.
    """

    connect_seconds: float = 5.0
    fetch_seconds: float = 15.0
    body_bytes: int = 2 * 1024 * 1024
    raw_bytes: int = 2 * 1024 * 1024
    header_bytes: int = 64 * 1024


DEFAULT_LIMITS = FetchLimits()
