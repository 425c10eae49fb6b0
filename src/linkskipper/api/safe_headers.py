"""Headers that forbid browsers and caches to store a response, guess its type or run it."""

NO_STORE = (b"cache-control", b"no-store")  # responses hold balances and links
NOSNIFF = (b"x-content-type-options", b"nosniff")
ON_EVERY_RESPONSE = (NOSNIFF,)
"""The constant headers of every response of the API, also of those to malformed HTTP."""

NO_CONTENT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
"""The policy of everything that is not a page: a browser that shows it loads and runs nothing."""
