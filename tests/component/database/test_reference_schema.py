"""The reference schema is what the migrations make."""

from tools.schema import FILE, read_schema


def test_reference_schema(database_url: str) -> None:
    """The migrations make the schema in docs/reference/schema.sql. `make schema` writes that file again."""
    assert read_schema(database_url) == FILE.read_text()
