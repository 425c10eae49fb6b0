"""Deleting many rows a batch at a time."""

from linkskipper.database.pool import Connection


async def in_batches(connection: Connection, statement: str, *arguments: object, batch: int) -> int:
    """Repeat a DELETE whose last parameter limits its rows until it finds fewer; returns how many went."""
    total = 0
    while True:
        removed = int((await connection.execute(statement, *arguments, batch)).removeprefix("DELETE "))
        total += removed
        if removed < batch:
            return total
