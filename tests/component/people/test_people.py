"""Users, sessions, one-time links, passwords, codes and the throttle, on a real database."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pyotp
import pytest

from linkskipper.accounts import Authenticator, create_account, create_key, revoke_key, roll_key
from linkskipper.audit import AuditEntry
from linkskipper.database import Pool
from linkskipper.errors import SignInRefused, TooManyAttempts, UnknownRecordError, UserExistsError
from linkskipper.people import (
    Credentials,
    Passwords,
    Proof,
    Role,
    SecondFactor,
    Sessions,
    SignIn,
    SignInOrigin,
    count_recovery_codes,
    create_login_link,
    create_user,
    disable_user,
    enable_user,
    find_user,
    list_sessions,
    list_users,
    prune_sessions,
    prune_sign_in_failures,
    rename_user,
)
from linkskipper.people.codes import hash_code
from linkskipper.people.sessions import MAX_SESSIONS
from linkskipper.people.throttle import ADDRESS_FAILURES, LOGIN_FAILURES
from support.factories import KEYRING

HOME = SignInOrigin("192.0.2.1", "a browser")
PASSWORD = "correct horse battery"
ENTRY = AuditEntry(action="test")
FILL_SESSIONS = """
INSERT INTO sessions (hash, user_id, account_id, last_seen_at, expires_at, address, user_agent)
SELECT sha256(number::text::bytea), $1, account_id, now() - interval '1 minute', now() + interval '1 day', 'a', 'u'
FROM generate_series(1, $2) AS number, memberships WHERE user_id = $1
"""


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


@dataclass
class People:
    """The parts of the room, on one database."""

    pool: Pool
    account_id: int
    clock: Clock
    wall: Clock
    sessions: Sessions
    second_factor: SecondFactor
    sign_in: SignIn
    credentials: Credentials

    async def user(self, name: str = "ann", **options: bool) -> int:
        async with self.pool.acquire() as connection:
            return await create_user(connection, name, account_id=self.account_id, role=Role.OWNER, **options)

    async def link(self, user_id: int | None) -> str:
        async with self.pool.acquire() as connection:
            return await create_login_link(connection, user_id)

    async def token(self, user_id: int) -> str:
        return await self.sign_in.with_link(await self.link(user_id), HOME)

    async def with_password(self, user_id: int) -> str:
        """Give a user a password. Return the token of the user's session."""
        session = await self.sessions.find(await self.token(user_id))
        assert session is not None
        token = await self.credentials.set_password(session, PASSWORD, ENTRY)
        assert token is not None
        return token


@pytest.fixture
async def people(pool: Pool) -> People:
    """The room with one account."""
    account = await create_account(pool, "test", credits=0)
    clock, wall = Clock(), Clock()
    wall.now = 1_800_000_000
    sessions, passwords = Sessions(pool, clock=clock), Passwords()
    second_factor = SecondFactor(pool, KEYRING, clock=wall)
    sign_in = SignIn(
        pool,
        keyring=KEYRING,
        authenticator=Authenticator(pool, KEYRING),
        sessions=sessions,
        passwords=passwords,
        second_factor=second_factor,
    )
    credentials = Credentials(pool, sessions, passwords, second_factor)
    return People(pool, account.id, clock, wall, sessions, second_factor, sign_in, credentials)


async def test_first_link_makes_the_operator_once(people: People) -> None:
    """Of many first links, one makes the operator. The others end with it."""
    links = [await people.link(None) for _ in range(3)]
    results = await asyncio.gather(*(people.sign_in.with_link(link, HOME) for link in links), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["SignInRefused", "SignInRefused", "str"]
    (user,) = await list_users(people.pool)
    assert (user.name, user.is_operator, user.has_password) == ("owner", True, False)


async def test_link_works_once(people: People) -> None:
    """Twenty uses of one link at the same time start one session, and no later use starts another."""
    link = await people.link(await people.user())
    uses = [people.sign_in.with_link(link, SignInOrigin(f"192.0.2.{number}", "")) for number in range(20)]
    results = await asyncio.gather(*uses, return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 1
    with pytest.raises(SignInRefused):
        await people.sign_in.with_link(link, HOME)


@pytest.mark.parametrize(("minutes", "works"), [(14, True), (16, False)])
async def test_link_expires(people: People, minutes: int, works: bool) -> None:  # noqa: FBT001 - a parameter
    """A link works for 15 minutes."""
    link = await people.link(await people.user())
    await people.pool.execute(
        "UPDATE login_links SET expires_at = expires_at - $1::interval", timedelta(minutes=minutes)
    )
    if works:
        assert await people.sign_in.with_link(link, HOME)
    else:
        with pytest.raises(SignInRefused):
            await people.sign_in.with_link(link, HOME)


async def test_nothing_secret_is_stored(people: People) -> None:
    """The tables hold no id of a session, no code of a link, no password and no recovery code."""
    user_id = await people.user()
    token = await people.with_password(user_id)
    session = await people.sessions.find(token)
    assert session is not None
    secret = people.second_factor.new_secret()
    code = pyotp.TOTP(secret).at(people.wall.now)
    _, codes = await people.credentials.enable_second_factor(session, secret, code, ENTRY)
    link = await people.link(user_id)
    stored = ""
    for table in ("users", "sessions", "login_links", "recovery_codes"):
        stored += str([dict(row) for row in await people.pool.fetch(f"SELECT * FROM {table}")])
    for text in (token, link, PASSWORD, secret, *codes):
        assert text not in stored


async def test_password_and_code(people: People) -> None:
    """A password signs in. With a second factor it needs a code or a recovery code. Each of them works once."""
    user_id = await people.user()
    token = await people.with_password(user_id)
    assert await people.sign_in.with_password("ANN", PASSWORD, "", HOME)
    session = await people.sessions.find(token)
    assert session is not None
    secret = people.second_factor.new_secret()
    totp = pyotp.TOTP(secret)
    _, codes = await people.credentials.enable_second_factor(session, secret, totp.at(people.wall.now), ENTRY)
    for wrong in ("", totp.at(people.wall.now), totp.at(people.wall.now + 60)):  # none, used before, too far ahead
        with pytest.raises(SignInRefused):
            await people.sign_in.with_password("ann", PASSWORD, wrong, HOME)
    people.wall.now += 60
    code = totp.at(people.wall.now)
    attempts = [people.sign_in.with_password("ann", PASSWORD, code, HOME) for _ in range(2)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 1
    await people.pool.execute("DELETE FROM sign_in_failures")
    assert await people.sign_in.with_password("ann", PASSWORD, codes[0].lower().replace("-", " "), HOME)
    with pytest.raises(SignInRefused):
        await people.sign_in.with_password("ann", PASSWORD, codes[0], HOME)
    assert await count_recovery_codes(people.pool, user_id) == 9


@pytest.mark.parametrize(("length", "works"), [(11, False), (12, True), (256, True), (257, False)])
async def test_length_of_passwords(people: People, length: int, works: bool) -> None:  # noqa: FBT001 - a parameter
    """A password has 12 to 256 characters."""
    session = await people.sessions.find(await people.token(await people.user()))
    assert session is not None
    if works:
        assert await people.credentials.set_password(session, "x" * length, ENTRY)
    else:
        with pytest.raises(SignInRefused, match="12 to 256"):
            await people.credentials.set_password(session, "x" * length, ENTRY)


async def test_change_of_password_ends_other_sessions(people: People) -> None:
    """A new password ends all other sessions and links at once. The session itself gets a new id."""
    user_id = await people.user()
    other, link = await people.token(user_id), await people.link(user_id)
    session = await people.sessions.find(own := await people.token(user_id))
    assert session is not None
    token = await people.credentials.set_password(session, PASSWORD, ENTRY)
    people.clock.now = 1
    assert await people.sessions.find(other) is None
    assert await people.sessions.find(own) is None
    found = await people.sessions.find(token)
    assert found is not None
    assert found.id == session.id
    with pytest.raises(SignInRefused):
        await people.sign_in.with_link(link, HOME)


async def test_session_ends_within_a_second(people: People) -> None:
    """A process refuses a known session within a second after its user was disabled, also once the user is enabled."""
    user_id = await people.user()
    token = await people.token(user_id)
    assert await people.sessions.find(token) is not None
    async with people.pool.acquire() as connection:
        await disable_user(connection, user_id)
        people.clock.now = 1
        assert await people.sessions.find(token) is None
        await enable_user(connection, user_id)
    assert await people.sessions.find(token) is None


@pytest.mark.parametrize(
    ("column", "age", "operator", "alive"),
    [
        ("last_seen_at", timedelta(days=6), False, True),
        ("last_seen_at", timedelta(days=8), False, False),
        ("expires_at", timedelta(days=29), False, True),
        ("expires_at", timedelta(days=31), False, False),
        ("last_seen_at", timedelta(hours=11), True, True),
        ("last_seen_at", timedelta(hours=13), True, False),
        ("expires_at", timedelta(days=6), True, True),
        ("expires_at", timedelta(days=8), True, False),
    ],
)
async def test_lifetime(people: People, column: str, age: timedelta, *, operator: bool, alive: bool) -> None:
    """Sessions end after a time without requests and after a time in all. Those of operators end sooner."""
    token = await people.token(await people.user(is_operator=operator))
    await people.pool.execute(f"UPDATE sessions SET {column} = {column} - $1::interval", age)
    assert (await people.sessions.find(token) is not None) == alive
    async with people.pool.acquire() as connection:
        await prune_sessions(connection, batch=100)
    assert await people.pool.fetchval("SELECT count(*) FROM sessions") >= alive


@pytest.mark.attack
async def test_guesses_of_a_name_are_limited(people: People) -> None:
    """After five failures a name is refused, although the password is right, and other names are not."""
    await people.with_password(await people.user())
    await people.with_password(await people.user("bob"))
    guesses = [people.sign_in.with_password("Ann", "wrong password", "", HOME) for _ in range(2 * LOGIN_FAILURES)]
    results = list(await asyncio.gather(*guesses, return_exceptions=True))
    for _ in range(LOGIN_FAILURES):
        results += await asyncio.gather(
            people.sign_in.with_password("ann", "wrong password", "", HOME), return_exceptions=True
        )
    assert sum(isinstance(result, SignInRefused) for result in results) == LOGIN_FAILURES
    with pytest.raises(TooManyAttempts):
        await people.sign_in.with_password("ann", PASSWORD, "", SignInOrigin("192.0.2.9", ""))
    assert await people.sign_in.with_password("bob", PASSWORD, "", HOME)
    assert await people.sign_in.with_link(await people.link((await find_user(people.pool, "ann")).id), HOME)


@pytest.mark.attack
async def test_guesses_of_an_address_are_limited(people: People) -> None:
    """After thirty failures an address is refused for a minute, and others are not."""
    for _ in range(ADDRESS_FAILURES):
        with pytest.raises(SignInRefused):
            await people.sign_in.with_link("guess", HOME)
    link = await people.link(await people.user())
    with pytest.raises(TooManyAttempts):
        await people.sign_in.with_link(link, HOME)
    assert await people.sign_in.with_link(link, SignInOrigin("192.0.2.2", ""))
    await people.pool.execute("UPDATE sign_in_failures SET at = at - interval '16 minutes'")
    async with people.pool.acquire() as connection:
        assert await prune_sign_in_failures(connection, batch=10) == ADDRESS_FAILURES


@pytest.mark.attack
async def test_guesses_of_a_network_are_limited(people: People) -> None:
    """An IPv6 client has 2**64 addresses. They count as one, in every spelling of IPv4 too."""
    for first, other in (("2001:db8::", "2001:db8::ffff:1"), ("::ffff:198.51.100.1", "198.51.100.1")):
        for number in range(ADDRESS_FAILURES):
            address = f"{first}{number:x}" if first.endswith("::") else first
            with pytest.raises(SignInRefused):
                await people.sign_in.with_link("guess", SignInOrigin(address, ""))
        with pytest.raises(TooManyAttempts):
            await people.sign_in.with_link("guess", SignInOrigin(other, ""))
    with pytest.raises(SignInRefused):
        await people.sign_in.with_link("guess", SignInOrigin("2001:db8:0:1::1", ""))


async def test_session_of_a_key_ends_with_its_value(people: People) -> None:
    """A session of a pasted key ends when that value of the key ends: by its revocation, or by the end of its grace."""
    made = await create_key(people.pool, KEYRING, people.account_id, name="key")
    token = await people.sign_in.with_key(made.key, HOME)
    session = await people.sessions.find(token)
    assert session is not None
    assert (session.user_id, session.role, session.key_id) == (None, None, made.id)
    rolled = await roll_key(people.pool, KEYRING, made.id, grace=timedelta(hours=1))
    people.clock.now = 1
    assert await people.sessions.find(token) is not None
    newer = await people.sign_in.with_key(rolled.key, HOME)
    await people.pool.execute("UPDATE api_keys SET previous_until = now()")
    people.clock.now = 2
    assert await people.sessions.find(token) is None
    assert await people.sessions.find(newer) is not None
    await revoke_key(people.pool, made.id)
    people.clock.now = 3
    assert await people.sessions.find(newer) is None
    with pytest.raises(SignInRefused):
        await people.sign_in.with_key(rolled.key, HOME)


@pytest.mark.attack
async def test_sessions_are_bounded(people: People) -> None:
    """A person, and a pasted key, has at most 100 sessions. One more ends the least recently used, of nobody else."""
    user_id, other_id = await people.user(), await people.user("bob")
    made = await create_key(people.pool, KEYRING, people.account_id, name="key")
    kept = [await people.token(other_id), await people.sign_in.with_key(made.key, HOME)]
    first = await people.token(user_id)
    await people.pool.execute(FILL_SESSIONS, user_id, 2 * MAX_SESSIONS)
    await people.pool.execute("UPDATE sessions SET last_seen_at = now() WHERE hash = $1", hash_code(first))
    newest = await people.token(user_id)
    assert len(await list_sessions(people.pool, user_id)) == MAX_SESSIONS
    assert await people.pool.fetchval("SELECT count(*) FROM sessions WHERE user_id = $1", user_id) == MAX_SESSIONS
    assert None not in [await people.sessions.find(token) for token in (*kept, first, newest)]
    for _ in range(MAX_SESSIONS):
        newer = await people.sign_in.with_key(made.key, HOME)
    people.clock.now = 1
    found = [await people.sessions.find(token) for token in (kept[0], kept[1], newer)]
    assert [session is not None for session in found] == [True, False, True]
    assert await people.pool.fetchval("SELECT count(*) FROM sessions WHERE key_id = $1", made.id) == MAX_SESSIONS


async def test_many_sign_ins_at_once(people: People) -> None:
    """Simultaneous sign-ins all succeed where each ends old sessions, and the next one leaves the bound."""
    user_id = await people.user()
    await people.pool.execute(FILL_SESSIONS, user_id, MAX_SESSIONS + 20)
    links = [await people.link(user_id) for _ in range(10)]
    tokens = await asyncio.gather(*(people.sign_in.with_link(link, HOME) for link in links))
    tokens.append(await people.token(user_id))
    assert None not in [await people.sessions.find(token) for token in tokens]
    assert await people.pool.fetchval("SELECT count(*) FROM sessions") == MAX_SESSIONS


async def test_ended_sessions_are_deleted(people: People) -> None:
    """Retention deletes sessions that ended by any cause. Lists do not show them before, and others stay."""
    user_id, operator_id = await people.user(), await people.user("bob", is_operator=True)
    made = await create_key(people.pool, KEYRING, people.account_id, name="key")
    kept = await people.token(user_id)
    await people.sign_in.with_key(made.key, HOME)
    await revoke_key(people.pool, made.id)
    await people.token(operator_id)
    await people.pool.execute("UPDATE sessions SET last_seen_at = last_seen_at - interval '13 hours'")
    assert [len(await list_sessions(people.pool, each)) for each in (user_id, operator_id)] == [1, 0]
    async with people.pool.acquire() as connection:
        assert await prune_sessions(connection, batch=1) == 2
    people.clock.now = 1
    assert await people.sessions.find(kept) is not None


async def test_proof_gives_a_new_id(people: People) -> None:
    """A proof of identity needs the person's own password or link, and changes the id of the session."""
    user_id, other_id = await people.user(), await people.user("bob")
    token = await people.token(user_id)
    session = await people.sessions.find(token)
    assert session is not None
    for wrong in (Proof(), Proof(password="wrong"), Proof(link="wrong"), Proof(link=await people.link(other_id))):
        with pytest.raises(SignInRefused):
            await people.sign_in.prove(session, wrong, HOME)
    renewed = await people.sign_in.prove(session, Proof(link=await people.link(user_id)), HOME)
    people.clock.now = 1
    assert await people.sessions.find(token) is None
    assert await people.sessions.find(renewed) is not None


async def test_names_are_unique_in_any_case(people: People) -> None:
    """Two users cannot have one name. Unknown accounts and users are named in the error."""
    await people.user("Ann")
    with pytest.raises(UserExistsError, match="ann"):
        await people.user("ann")
    with pytest.raises(UnknownRecordError, match="Account 77 does not exist"):
        async with people.pool.acquire() as connection:
            await create_user(connection, "bob", account_id=77, role=Role.VIEWER)
    with pytest.raises(UnknownRecordError, match="User eve does not exist"):
        await find_user(people.pool, "eve")


ACTORS = (
    *("command line", "Command  Line", "COMMAND\N{NO-BREAK SPACE}LINE", "comm\N{ZERO WIDTH SPACE}and line"),
    *("not signed in", "key 5", "Key 12", "\N{FULLWIDTH LATIN SMALL LETTER K}ey 5", "key \N{ARABIC-INDIC DIGIT FIVE}"),
)


@pytest.mark.parametrize("name", ACTORS)
async def test_names_of_the_audit_log_are_reserved(people: People, name: str) -> None:
    """Nobody takes or gets a name by which the audit log calls a command, a key or a stranger."""
    with pytest.raises(UserExistsError):
        await people.user(name)
    user_id = await people.user("ann")
    with pytest.raises(UserExistsError):
        await rename_user(people.pool, user_id, name)
    assert (await find_user(people.pool, "ann")).id == user_id


async def test_names_like_those_of_the_audit_log(people: People) -> None:
    """Names that only begin so are free."""
    for name in ("command line 2", "key", "key 5b", "signed in", "keymaster 5"):
        await people.user(name)
