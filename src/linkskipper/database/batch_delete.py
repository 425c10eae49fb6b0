"""Delete many rows in batches."""

from linkskipper.database.pool import Connection


async def in_batches(connection: Connection, statement: str, *arguments: object, batch: int) -> int:
    """Repeat a DELETE, whose last parameter limits its rows, until it deletes fewer. Return the number deleted."""
    total = 0
    while True:
        removed = int((await connection.execute(statement, *arguments, batch)).removeprefix("DELETE "))
        total += removed
        if removed < batch:
            return total
