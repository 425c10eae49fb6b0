"""The values that several examples of the OpenAPI document share."""

from uuid import UUID

EXAMPLE_JOB_ID = UUID("019bb7a4-5a00-7c3e-9d41-3f1c6f0d2b8e")
EXAMPLE_DELIVERY_ID = UUID("019bb7a4-6b10-7000-8000-000000000000")
EXAMPLE_LINK = "https://tinyurl.com/4k8wz2fp"
EXAMPLE_TARGET = "https://example.com/articles/42"
EXAMPLE_TIME = "2026-06-05T12:00:00.000Z"
