"""What a database server says about itself."""

from linkskipper.database.pool import Pool


async def read_server_version(pool: Pool) -> str:
    """Return the version of PostgreSQL, for example 18.1."""
    version: str = await pool.fetchval("SHOW server_version")
    return version.split(maxsplit=1)[0]


async def read_clock(pool: Pool) -> float:
    """Return the time on the server's clock, in seconds since 1970."""
    seconds: float = await pool.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    return seconds
