"""Resolve one link. Set LINKSKIPPER_API_KEY and LINKSKIPPER_BASE_URL first."""

from linkskipper_sdk import LinkSkipper

client = LinkSkipper()
link = client.resolve_and_wait("https://redirect.lab.test/301")
print(link.target_url)
