"""docs/explanation/data-model.md has the tables of the schema."""

import re

from linkskipper.database import Pool
from support.documents import DOCS

PAGE = (DOCS / "explanation" / "data-model.md").read_text()
TABLES = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
"""


async def test_tables(pool: Pool) -> None:
    """Each table has a row, except those of the queue, and no other table has one."""
    tables = {row["relname"] for row in await pool.fetch(TABLES) if not row["relname"].startswith("pgqueuer")}
    assert set(re.findall(r"^\| `(\w+)` \| [a-z_, ]+ \|", PAGE, re.MULTILINE)) == tables


async def test_diagram(pool: Pool) -> None:
    """The diagram names tables of the schema only."""
    (diagram,) = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
    drawn = {name for pair in re.findall(r"(\w+) [|}o{]+--[|}o{]+ (\w+)", diagram) for name in pair}
    assert drawn <= {row["relname"] for row in await pool.fetch(TABLES)}
    assert len(drawn) > 5
