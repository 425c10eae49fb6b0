"""The headers that keep browsers and caches from storing, guessing and running what the API answers."""

NO_STORE = (b"cache-control", b"no-store")  # responses hold balances and links
NOSNIFF = (b"x-content-type-options", b"nosniff")
NO_CONTENT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
"""The policy of everything that is not a page: a browser that shows it loads and runs nothing."""
