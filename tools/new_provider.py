"""Write the skeleton of a provider file: `make provider ID=…` (docs/guides/add-a-provider.md)."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

BUILTIN = Path("src/linkskipper/catalog/data/providers")
SKELETON = """\
id = "{id}"
label = "TODO"                  # the name for people
hosts = ["TODO"]                # "short.example" is one host, "*.short.example" is every subdomain
tier = "standard"               # or "premium"
status = "active"               # or "degraded" or "captcha"
since = {today}              # when the status was last found true
note = "TODO"                   # what the status is based on

[match]
path = '^/[A-Za-z0-9_-]{{3,}}$'   # which paths count as a link

[[samples]]                     # one for each host
url = "https://TODO/abc"
expect = "https://example.com/"
"""


def main(arguments: list[str]) -> int:
    """Write the skeleton and say what to do next. Return 2 for wrong use, 1 if the file exists."""
    if len(arguments) != 1 or not re.fullmatch(r"[a-z0-9-]+", arguments[0]):
        sys.stderr.write("Name the provider with letters a-z, digits and -: make provider ID=short\n")
        return 2
    file = BUILTIN / f"{arguments[0]}.toml"
    if file.exists():
        sys.stderr.write(f"{file} exists already.\n")
        return 1
    file.write_text(SKELETON.format(id=arguments[0], today=datetime.now(UTC).date()), encoding="utf-8")
    sys.stdout.write(f"{file}\nReplace each TODO, then run: linkskipper providers check {file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
