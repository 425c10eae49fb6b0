"""The canonical URL that a job keeps reads as one link only."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from linkskipper.catalog import Catalog, Provider
from linkskipper.resolver import Unsupported, parse_link

HOSTS = ("a.test", "b.test")
PROVIDERS = [
    Provider.model_validate({"id": host[0], "label": host, "hosts": [host], "tier": "standard"}) for host in HOSTS
]
CATALOGS = [Catalog(PROVIDERS), Catalog(PROVIDERS[:1]), Catalog(PROVIDERS[1:])]
WORDS = st.sampled_from(
    ["a.test/x", "http://b.test/y", "https://a.test/", "see", "?u=", "(", ").", " ", "\u3000", "ü", "#"]
)


@given(st.lists(WORDS | st.text(max_size=5), max_size=6).map("".join), st.sampled_from(CATALOGS))
def test_no_catalogue_reads_another_link(text: str, submitted_to: Catalog) -> None:
    """Each catalogue reads the canonical URL of a link as that link, or as no link at all."""
    with suppress(Unsupported):
        link = parse_link(text, submitted_to)
        for catalog in CATALOGS:
            with suppress(Unsupported):
                assert parse_link(link.url.href, catalog).key == link.key
