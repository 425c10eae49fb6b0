"""Check the subject of a commit message (CONTRIBUTING.md, "Commit and propose")."""

import re
import sys
from pathlib import Path

SUBJECT = re.compile(r"[a-z][\w./-]*(, [a-z][\w./-]*)*: \S")
LONGEST = 72


def problems(message: str) -> list[str]:
    """Return the faults of a message, for people."""
    subject, _, rest = message.partition("\n")
    if re.match(r"(Merge|Revert|fixup!|squash!) ?", subject):
        return []
    faults = {
        f"The subject has {len(subject)} characters. Use at most {LONGEST}.": len(subject) > LONGEST,
        "Begin the subject with the area: `webhooks: retry after a closed connection`.": not SUBJECT.match(subject),
        "End the subject without a full stop.": subject.endswith("."),
        "Leave the second line empty.": bool(rest) and not rest.startswith("\n"),
    }
    return [fault for fault, applies in faults.items() if applies]


def main(file: str) -> int:
    """Print the faults of the message in a file. Return 1 if there are any."""
    message = "".join(line for line in Path(file).read_text().splitlines(keepends=True) if not line.startswith("#"))
    faults = problems(message)
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
