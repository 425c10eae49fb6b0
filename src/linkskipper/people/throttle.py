"""Slow down those who guess passwords, codes and keys.

Each attempt counts as a failure until it succeeds, so that attempts at the same time cannot exceed the limits.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from linkskipper.database import Connection, Pool
from linkskipper.database.batch_delete import in_batches
from linkskipper.egress import client_network
from linkskipper.errors import TooManyAttempts
from linkskipper.people import queries

LOGIN_FAILURES = 5
LOGIN_WINDOW = timedelta(minutes=15)
ADDRESS_FAILURES = 30
ADDRESS_WINDOW = timedelta(minutes=1)


class SignInAttempt:
    """An attempt to sign in. It counts as failed unless `succeeded` is set."""

    succeeded = False


class SignInThrottle:
    """Limits the failed attempts of a login name and of an address, over all processes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def attempt(self, address: str, login: str | None) -> AsyncIterator[SignInAttempt]:
        """Count an attempt from an address. None as the login means that no name was given.

        Raises:
            TooManyAttempts: the login or the address has too many failures.
        """
        address = client_network(address)
        failure_id: int = await self._pool.fetchval(queries.ADD_FAILURE, login, address)
        failures = await self._pool.fetchrow(queries.COUNT_FAILURES, login, address, LOGIN_WINDOW, ADDRESS_WINDOW)
        if failures is None or failures["address_failures"] > ADDRESS_FAILURES:
            await self._pool.execute(queries.FORGIVE, failure_id)
            raise TooManyAttempts(ADDRESS_WINDOW)
        if failures["login_failures"] > LOGIN_FAILURES:
            await self._pool.execute(queries.FORGIVE, failure_id)
            raise TooManyAttempts(LOGIN_WINDOW)
        attempt = SignInAttempt()
        yield attempt
        if attempt.succeeded:
            await self._pool.execute(queries.FORGIVE, failure_id)


async def prune_sign_in_failures(connection: Connection, *, batch: int) -> int:
    """Delete failures that no limit counts any more, `batch` rows a statement. Return the number deleted."""
    return await in_batches(connection, queries.PRUNE_FAILURES, LOGIN_WINDOW, batch=batch)
